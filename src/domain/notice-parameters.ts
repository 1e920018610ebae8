/** What staff is told of happened there and then. */
export type StaffNotice = { readonly environment: string; readonly at: Date };

/** How an alarm begins, by its state. */
export const alarmWords = {
  wrong: { title: 'Alarm', says: 'Something is wrong.' },
  soon: { title: 'Ends soon', says: 'Something ends soon.' },
  well: { title: 'Well again', says: 'What was wrong is well again.' },
} as const;

/** What each template needs to know. Texts may come from anybody; a secret is not among them, see `withSecret`. */
export type NoticeParameters = {
  'password-reset': { readonly name: string; readonly expires: Date };
  /** No ground: to tell somebody under suspicion why is forbidden in most places (tipping off). */
  'account-frozen': { readonly name: string; readonly account: string; readonly at: Date };
  'account-unfrozen': { readonly name: string; readonly account: string; readonly at: Date };
  'account-closed': { readonly name: string; readonly account: string; readonly at: Date };
  /** Goes to the old address and does not tell the new one: whoever reads it may be the reason for the change. */
  'address-changed': { readonly name: string; readonly what: string; readonly at: Date };
  'approval-waiting': StaffNotice & {
    readonly action: string;
    readonly target: string;
    readonly requester: string;
    readonly expires: Date;
  };
  'developer-role': StaffNotice & {
    readonly operator: string;
    readonly grantedBy: string;
    readonly incident: string;
    readonly expires: Date;
  };
  'break-glass': StaffNotice & {
    readonly operator: string;
    readonly action: string;
    readonly target: string;
    readonly incident: string;
    readonly ratifyBy: Date;
  };
  invite: { readonly role: string; readonly uses: number; readonly expires: Date };
  enrolment: { readonly environment: string; readonly name: string; readonly expires: Date };
  'operator-created': StaffNotice & { readonly operator: string; readonly roles: readonly string[]; readonly createdBy: string };
  'role-changed': { readonly name: string; readonly before: string; readonly after: string; readonly at: Date };
  'alert-hold': StaffNotice & { readonly alert: string; readonly account: string; readonly score: number; readonly rules: string };
  'review-escalated': StaffNotice & { readonly operator: string; readonly about: string; readonly record: string; readonly note: string };
  /** Told by the database, which says what helps only while something is wrong. */
  'health-alarm': StaffNotice & {
    readonly state: keyof typeof alarmWords;
    readonly what: string;
    readonly where: string;
    readonly found: string;
    readonly helps: string;
    readonly command: string;
  };
  'incident-update': { readonly at: Date; readonly message: readonly string[]; readonly staff?: { environment: string; incident: string } };
};
export type NoticeTemplate = keyof NoticeParameters;
