import type { Context } from '../../kit/define-action.ts';
import { enqueueNotice } from '../../kit/notice.ts';

/** A code to enrol with is good as long as the database takes it, in milliseconds. */
const enrolmentTime = 24 * 60 * 60 * 1_000;

const about = (id: bigint) => ({ entity: 'operator', id: String(id) });

type Enrolling = { readonly id: bigint; readonly name: string; readonly address: string; readonly code: string };

/** Sends the code to enrol with to the operator's own address, and to nobody else. */
export const tellOperator = async (context: Context, { id, name, address, code }: Enrolling): Promise<void> => {
  const expires = new Date(Date.now() + enrolmentTime);
  await enqueueNotice(context, {
    template: 'enrolment',
    params: { environment: context.environment, name, expires },
    to: { address },
    about: about(id),
    secret: { text: code, expiresAt: expires },
  });
};

/** Tells every administrator that there is another operator. */
export const tellOfNewOperator = async (
  context: Context,
  { id, name, roles }: { readonly id: bigint; readonly name: string; readonly roles: readonly string[] },
): Promise<void> => {
  await enqueueNotice(context, {
    template: 'operator-created',
    params: { environment: context.environment, at: new Date(), operator: name, roles, createdBy: context.operator.name },
    to: { staff: 'admin' },
    about: about(id),
  });
};

type Lent = { readonly id: bigint; readonly name: string; readonly incident: string; readonly expires: Date };

/** Tells every administrator that somebody is developer. */
export const tellOfDeveloper = async (context: Context, { id, name, incident, expires }: Lent): Promise<void> => {
  await enqueueNotice(context, {
    template: 'developer-role',
    params: { environment: context.environment, at: new Date(), operator: name, grantedBy: context.operator.name, incident, expires },
    to: { staff: 'admin' },
    about: about(id),
  });
};

type Person = { readonly id: bigint; readonly name: string; readonly email: string | null };

/** Tells an operator that their rights are others now, where they can be told. */
export const tellOfRights = async (context: Context, { id, name, email }: Person, before: string, after: string): Promise<void> => {
  if (email === null) return;
  await enqueueNotice(context, {
    template: 'role-changed',
    params: { name, before, after, at: new Date() },
    to: { address: email },
    about: about(id),
  });
};

/** Tells every administrator that the owner of the database let one of them enrol anew. */
export const tellOfRecovery = async (context: Context, { id, name }: Person, before: string): Promise<void> => {
  await enqueueNotice(context, {
    template: 'role-changed',
    params: { name, before, after: 'admin, enrols anew by the owner of the database', at: new Date() },
    to: { staff: 'admin', except: id },
    about: about(id),
  });
};

/** The old address hears that it is one no longer. */
export const tellOldAddress = async (context: Context, { id, name, email }: Person): Promise<void> => {
  if (email === null) return;
  await enqueueNotice(context, {
    template: 'address-changed',
    params: { name, what: 'e-mail', at: new Date() },
    to: { address: email },
    about: about(id),
  });
};
