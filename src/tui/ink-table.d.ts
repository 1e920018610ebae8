// ink-table's own types ask for the global JSX of React 18, and for a CommonJS default; both builds make it a module (scripts/build/packages.ts).
declare module 'ink-table' {
  import type { Component, ComponentType } from 'react';

  type Row = Record<string, string | number | boolean | null | undefined>;
  type CellProps = { children: string; column: number };
  type TableProps<T extends Row> = {
    data: T[];
    columns?: (keyof T)[];
    padding?: number;
    header?: ComponentType<CellProps>;
    cell?: ComponentType<CellProps>;
    skeleton?: ComponentType<{ children: string }>;
  };

  const Table: new <T extends Row>(props: TableProps<T>) => Component<TableProps<T>>;
  export default Table;
}
