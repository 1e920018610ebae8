import type { AnyAction } from '../../kit/define-action.ts';
import { decideCustomerDispute } from './decide.ts';
import { investigateCustomerDispute } from './investigate.ts';
import { receiveCustomerDispute } from './receive.ts';
import { reopenCustomerDispute } from './reopen.ts';

/** What can be done about disputes. */
export const disputesActions: readonly AnyAction[] = [
  receiveCustomerDispute,
  investigateCustomerDispute,
  decideCustomerDispute,
  reopenCustomerDispute,
];
