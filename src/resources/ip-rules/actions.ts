import type { AnyAction } from '../../kit/define-action.ts';
import { allowAddress } from './allow.ts';
import { blockAddress } from './block.ts';
import { removeAddressRule } from './remove.ts';

/** What can be done about ip rules. */
export const ipRulesActions: readonly AnyAction[] = [blockAddress, allowAddress, removeAddressRule];
