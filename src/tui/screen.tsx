import { Box } from 'ink';
import type { Registry } from '../kit/session.ts';
import { bannerLine } from './parts/banner.ts';
import { crumbsLine } from './parts/crumbs.ts';
import { Lines } from './parts/lines.tsx';
import { bodyLines } from './parts/panes.ts';
import type { State } from './state/types.ts';

export type ScreenProps = {
  readonly state: State;
  readonly registry: Registry;
  /** The text field with the focus has a new value. */
  readonly onText: (text: string) => void;
};

/** State in, frame out: it holds no hook and asks no one for anything. */
export const Screen = ({ state, registry }: ScreenProps) => {
  const { columns, rows } = state.size;
  const resource = registry.resources.find(candidate => candidate.id === state.view.resource);
  const body = Math.max(1, rows - 4);
  const lines = [
    bannerLine(state, columns),
    ...(resource ? [crumbsLine(state, resource, columns), ...bodyLines(state, registry, resource, columns, body)] : []),
  ];
  return (
    <Box flexDirection="column" width="100%" height={rows}>
      <Lines lines={lines} height={rows} />
    </Box>
  );
};
