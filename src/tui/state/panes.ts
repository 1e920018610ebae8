import type { AnyResource } from '../../kit/define-resource.ts';
import type { Registry } from '../../kit/session.ts';

/** The panes that have a place, and a number, of their own. */
export const panesOf = ({ resources }: Registry): readonly AnyResource[] => resources.filter(({ nested }) => nested !== true);
