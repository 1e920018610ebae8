/** One line of a doctor's report; `next` says what to do about it. */
export type Check = { readonly name: string; readonly state: 'ok' | 'warn' | 'FAIL'; readonly message: string; readonly next?: string };

export const ok = (name: string, message: string): Check => ({ name, state: 'ok', message });
export const warn = (name: string, message: string, next: string): Check => ({ name, state: 'warn', message, next });
export const fail = (name: string, message: string, next: string): Check => ({ name, state: 'FAIL', message, next });
