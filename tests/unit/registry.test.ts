import { describe, expect, test } from 'vitest';
import { auditedEntities, verbs } from '../../src/domain/audit.ts';
import { permissions } from '../../src/domain/permission.ts';
import { fieldsOf } from '../../src/kit/form-fields.ts';
import { actions, resources } from '../../src/resources/registry.ts';

const bindings = resources.flatMap(resource => [
  ...Object.values(resource.actions).map(binding => ({ resource, action: binding.action })),
  ...Object.values(resource.general ?? {}).map(binding => ({ resource, action: binding.action })),
]);

describe('the registry', () => {
  test('names everything once', () => {
    const ids = [...resources.map(({ id }) => id), ...actions.map(({ id }) => id), ...resources.flatMap(({ aliases }) => aliases)];
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test('binds only actions that exist', () => {
    for (const { resource, action } of bindings) {
      expect(
        actions.map(({ id }) => id),
        `${resource.id} binds ${action}`,
      ).toContain(action);
    }
  });
});

describe.each(actions.map(action => [action.id, action] as const))('%s', (_id, action) => {
  test('has a permission that exists, a title, a past and a verb that audit knows', () => {
    expect([...permissions, 'self']).toContain(action.permission);
    expect(action.title).toMatch(/^[A-Z][a-z]+( [a-z]+)+$/);
    expect(action.past).toMatch(/^[a-z]+( [a-z]+)*$/);
    expect(verbs).toContain(action.verb);
    expect(auditedEntities).toContain(action.entity);
  });

  test('says why: its input has a note or findings', () => {
    // In a daily review the usual words stand there already
    expect(fieldsOf(action.input).filter(field => field.kind === 'note' && (field.required || field.initial.length >= 10))).toHaveLength(1);
  });
});

describe.each(resources.map(resource => [resource.id, resource] as const))('%s', (_id, resource) => {
  test('has a permission that exists and sorts only by what it declares', () => {
    expect(permissions).toContain(resource.permission);
    expect(resource.page.fields[resource.page.defaultSort.field]?.sortable).toBe(true);
    const sorts = resource.columns.flatMap(({ sort }) => (sort === undefined ? [] : [sort]));
    expect(sorts.filter(sort => resource.page.fields[sort]?.sortable !== true)).toEqual([]);
    expect([undefined, 'time']).toContain(resource.page.fields[resource.since ?? '']?.kind);
    expect(auditedEntities).toContain(resource.entity);
  });
});
