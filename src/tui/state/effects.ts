import type { Keyed } from '../../domain/page.ts';
import type { LogRequest } from '../../domain/log-request.ts';
import type { LogDemand } from './log-types.ts';
import type { ConfirmState, FormState, Reading, State, Unsettled, View } from './types.ts';

/** What the one impure file is asked to do. In the imperative. */
export type Effect =
  | { readonly kind: 'read-page'; readonly asked: number; readonly view: View; readonly place: Reading; readonly limit: number }
  | { readonly kind: 'refresh'; readonly asked: number; readonly view: View; readonly visible: number }
  | { readonly kind: 'count'; readonly asked: number; readonly view: View }
  | { readonly kind: 'read-detail'; readonly asked: number; readonly resource: string; readonly row: Keyed; readonly soon: boolean }
  /** `begins`: the action that begins with them. */
  | { readonly kind: 'freeze-ids'; readonly asked: number; readonly view: View; readonly begins?: string }
  | { readonly kind: 'match-marks'; readonly asked: number; readonly view: View }
  /** The newest lines of the live stream, at most so many. */
  | { readonly kind: 'read-stream'; readonly most: number }
  | { readonly kind: 'find'; readonly resource: string; readonly id: bigint }
  /** Reads what the fields of a form may be filled in with. */
  | { readonly kind: 'offer'; readonly form: FormState }
  | { readonly kind: 'preview'; readonly form: FormState }
  | { readonly kind: 'run'; readonly confirm: ConfirmState }
  | { readonly kind: 'run-bulk'; readonly confirm: ConfirmState }
  | { readonly kind: 'proceed'; readonly yes: boolean }
  | { readonly kind: 'abort-bulk' }
  | { readonly kind: 'settle'; readonly unsettled: Unsettled }
  | { readonly kind: 'export'; readonly view: View; readonly format: 'csv' | 'json' }
  | { readonly kind: 'copy'; readonly text: string; readonly what: string }
  | { readonly kind: 'save-filters'; readonly saved: State['saved'] }
  /** Reads which hosts there are. */
  | { readonly kind: 'offer-logs' }
  | { readonly kind: 'open-logs'; readonly follow: string; readonly request: LogRequest }
  | { readonly kind: 'steer-logs'; readonly follow: string; readonly demand: LogDemand }
  | { readonly kind: 'sign-in'; readonly name: string; readonly password: string; readonly code: string }
  | { readonly kind: 'become'; readonly role: string }
  | { readonly kind: 'pulse'; readonly asked: number; readonly active: boolean; readonly locked: boolean }
  | { readonly kind: 'open-window'; readonly reason: string; readonly minutes: number }
  | { readonly kind: 'renew-window'; readonly minutes: number }
  | { readonly kind: 'close-window' }
  | { readonly kind: 'confirm-code'; readonly code: string }
  | { readonly kind: 'show-demo-code' }
  /** Locks the session; then, if that is wished, goes back to the shell. */
  | { readonly kind: 'lock'; readonly suspends: boolean }
  | { readonly kind: 'unlock'; readonly password: string }
  | { readonly kind: 'cancel-reads' }
  /** Ticks once more at this time, because something on screen changes then. */
  | { readonly kind: 'wake'; readonly at: number }
  | { readonly kind: 'repaint' }
  | { readonly kind: 'dump' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'quit' };

export type Step = { readonly state: State; readonly effects: readonly Effect[] };
