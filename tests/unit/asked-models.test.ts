import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { askedModels, schemaOf } from '../../scripts/build/asked-models.ts';

const root = join(import.meta.dirname, '../..');
const schema = readFileSync(join(root, 'prisma/schema.prisma'), 'utf8');
const namesOf = (text: string, kind: 'model' | 'enum'): readonly string[] =>
  [...text.matchAll(new RegExp(`^${kind} (\\w+)`, 'gm'))].map(([, name = '']) => name);

test('the client knows the models that the sources ask about, and no others', () => {
  const asked = new Set<string>();
  for (const file of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.includes('generated')) continue;
    const text = readFileSync(join(root, 'src', file), 'utf8');
    for (const [, model = ''] of text.matchAll(
      /\b(?:db|reads|writes)\.(\w+)\.(?:find|count|aggregate|groupBy|create|update|upsert|delete)/g,
    ))
      asked.add(`${model.charAt(0).toUpperCase()}${model.slice(1)}`);
  }
  expect([...asked].toSorted()).toEqual(askedModels);
});

test('a schema of some models has their fields, the relations among them and the enums they need', () => {
  const few = schemaOf(schema, ['Account', 'Transaction']);
  expect(namesOf(few, 'model')).toEqual(['Account', 'Transaction']);
  expect(namesOf(few, 'enum').toSorted()).toEqual(['AccountStatus', 'AccountType', 'TransactionType']);
  expect(few).toMatch(/outgoing +Transaction\[\]/);
  expect(few).toMatch(/@@map\("transaction"\)/);
  expect(few).not.toMatch(/User\b|currencyRow/);
});

test('a model that the schema has not is told', () => {
  expect(() => schemaOf(schema, ['Account', 'Unicorn'])).toThrow('the schema has no model Unicorn');
});
