/**
 * The models that the program asks about in Prisma's own language (`db.hold.findMany`). Whatever else there is, it reads and changes in SQL.
 * The generated client knows these alone: one that knew all eighty took 30 MB and 0.3 s more of every start. A new question adds its model here.
 */
export const askedModels: readonly string[] = [
  'Account',
  'Audit',
  'Document',
  'Hold',
  'Operator',
  'OperatorRole',
  'PostingRefusal',
  'RolePermission',
  'Transaction',
  'User',
];

const modelBlock = /^(?:\/\/\/.*\n)*model (\w+) \{\n[^]*?^\}\n/gm;
const enumBlock = /^(?:\/\/\/.*\n)*enum (\w+) \{\n[^]*?^\}\n/gm;
/** Name and type of a field; what begins with @@ is none. */
const field = /^ +\w+ +(\w+)/;

/** A schema with only some of its models, the relations among them, and the enums that they need. */
export const schemaOf = (schema: string, models: readonly string[]): string => {
  const all = new Set([...schema.matchAll(modelBlock)].map(([, name]) => name));
  const unknown = models.find(name => !all.has(name));
  if (unknown !== undefined) throw new Error(`the schema has no model ${unknown}: look at scripts/build/asked-models.ts`);
  const isKept = (line: string): boolean => {
    const type = field.exec(line)?.[1] ?? '';
    return !all.has(type) || models.includes(type);
  };
  const fewer = schema.replaceAll(modelBlock, (block, name: string) =>
    models.includes(name) ? block.split('\n').filter(isKept).join('\n') : '',
  );
  const types = new Set(fewer.split('\n').map(line => field.exec(line)?.[1]));
  return fewer.replaceAll(enumBlock, (block, name: string) => (types.has(name) ? block : ''));
};
