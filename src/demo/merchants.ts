import type { Channel } from '../domain/transaction.ts';

/** Where people spend: the typical amount in units of the currency, and how far it spreads. */
export type Merchant = {
  readonly name: string;
  readonly description: string;
  readonly median: number;
  readonly spread: number;
  readonly channel: Channel;
};

const shops = (description: string, median: number, spread: number, names: string, channel: Channel = 'card'): Merchant[] =>
  names.split(', ').map(name => ({ name, description, median, spread, channel }));

/** Open by day. */
export const merchants: readonly Merchant[] = [
  ...shops(
    'Groceries',
    28,
    0.7,
    'Frischmarkt Altona, Biohof Kaminski, Marché Sainte-Anne, Supermarkt Linde, Corner Grocery 24, Spar & Fein, Hofladen Brandt, Asia Markt 幸福',
  ),
  ...shops('Bakery', 6, 0.4, 'Bäckerei Sommer, Brotzeit, Boulangerie Noël, Piekarnia Żuraw'),
  ...shops('Restaurant', 31, 0.6, 'Trattoria Da Nino, Gasthaus Zur Linde, Şirin Grill, Curry Leaf, Brasserie Lacroix, Phở Hà Nội'),
  ...shops('Fuel', 58, 0.3, 'Tankhof A7, Fuel & Go, Stacja Wschód'),
  ...shops('Transport', 12, 0.8, 'Stadtwerke Verkehr, Taxi Hansa, RailTicket Online, Bike Share Nord'),
  ...shops('Clothing', 62, 0.7, 'Modehaus Vogel, Nordic Thread, Second Skin Vintage'),
  ...shops('Pharmacy', 17, 0.6, 'Apotheke am Markt, Löwen-Apotheke'),
  ...shops('Household', 74, 0.9, 'Möbel Ahorn, Bau + Garten Pohl, Electro Winkler'),
  ...shops('Online purchase', 39, 0.9, 'Papier & Stift Versand, Bookshop.example, Kabelkiste.example, Gartenversand Distel', 'online'),
];

/** Open at night, too. */
export const nightMerchants: readonly Merchant[] = [
  ...shops('Bar', 19, 0.6, 'Bar Nachtfalter, Kiosk 24, Club Kupfer, Spätkauf Ünal'),
  ...shops('Game purchase', 15, 0.7, 'Arcade.example, Pixelhaus Online', 'online'),
  ...shops('Taxi', 22, 0.4, 'Taxi Hansa, NightCab'),
];

/** Paid from the sofa, to the outside. */
export const bills: readonly Merchant[] = [
  ...shops('Electricity', 82, 0.3, 'Stromwerk Nord, GrünEnergie eG', 'online'),
  ...shops('Telephone and internet', 36, 0.3, 'TeleLink, Funk & Netz GmbH', 'online'),
  ...shops('Insurance', 48, 0.5, 'Hanse Versicherung a.G., Helvia Krankenkasse', 'online'),
  ...shops('Membership', 25, 0.4, 'Sportverein 1887 e.V., Stadtbibliothek, Ärzte-Hilfe e.V.', 'online'),
];

/** Who pays in from outside. */
export const payers: readonly Merchant[] = [
  ...shops('Wages', 1_150, 0.2, 'Hafenbetriebe AG, Universität Nord, Klinikum West, Ville de Lumière, Gemeente Zuid', 'online'),
  ...shops('Fee note', 520, 0.5, 'Atelier Lacroix, Übersetzungen Żak, Consulting Byrne Ltd', 'online'),
  ...shops('Refund', 41, 0.6, 'Finanzamt Mitte, Stromwerk Nord, Modehaus Vogel', 'online'),
  ...shops('Cash paid in', 260, 0.6, 'Cash desk', 'branch'),
];

/** What people write to each other. */
export const messages: readonly string[] = [
  'Dinner on Friday', 'Thanks!', 'Concert tickets', 'Birthday gift', 'Danke für gestern', 'Shared groceries', 'Holiday house, 2nd part', 'Bike repair', 'Lesson',
  'Für Oma', 'Merci beaucoup', 'Kaution zurück', 'Flea market', 'Petrol money', 'Na prezent', '新年快乐', 'Chess club fee', 'Umzugskartons', 'Football pool', 'Book, as agreed',
]; // prettier-ignore
