// ink-table's own types ask for the global JSX of React 18, and for a CommonJS default; both builds make it a module (scripts/build/packages.ts).
declare module 'ink-table' {
  import { Component, type ComponentType, type PropsWithChildren } from 'react';

  type Row = Record<string, string | number | boolean | null | undefined>;
  type TableProps<T extends Row> = {
    data: T[];
    columns?: (keyof T)[];
    padding?: number;
    header?: ComponentType<PropsWithChildren>;
    cell?: ComponentType<PropsWithChildren<{ column: number }>>;
    skeleton?: ComponentType<PropsWithChildren>;
  };

  export default class Table<T extends Row> extends Component<TableProps<T>> {}
}
