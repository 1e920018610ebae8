import type { AnyWork } from './define-work.ts';

/** Everything that `bursar maintain` does. A new work is a file of this room and a line here. */
export const works: readonly AnyWork[] = [];
