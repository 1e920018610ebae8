/** What the program is busy with as long as nobody says otherwise. By itself, so that the first frame needs nothing else of the state. */
export const firstStep = 'Opening the database';
