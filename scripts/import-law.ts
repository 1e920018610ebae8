// `npm run law`: who may import whom (.dependency-cruiser.mjs), checked over src.
import type { Statement, VariableDeclarator } from '@swc/core';
import { Visitor } from '@swc/core/Visitor.js';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import law from '../.dependency-cruiser.mjs';

// swc parses `using`, but the visitor that dependency-cruiser walks with does not know the statement and gives up on the file.
const visitKnown: (this: Visitor, statement: Statement) => Statement = Reflect.get(Visitor.prototype, 'visitStatement');
Visitor.prototype.visitStatement = function visitStatement(this: Visitor, statement: Statement | UsingDeclaration): Statement {
  if (statement.type !== 'UsingDeclaration') return visitKnown.call(this, statement);
  this.visitVariableDeclarators(statement.decls);
  return { type: 'EmptyStatement', span: statement.span };
};

type UsingDeclaration = { type: 'UsingDeclaration'; span: VariableDeclarator['span']; decls: VariableDeclarator[] };
type Breach = { readonly rule: string; readonly from: string; readonly to: string; readonly why: string };
type Verdict = { readonly modules: number; readonly breaches: readonly Breach[] };

const reasons = new Map(law.forbidden.map(rule => [rule.name, rule.comment]));

/** Every import below `root`/src that the law forbids. */
export const checkImportLaw = async (root: string): Promise<Verdict> => {
  const { output } = await cruise(['src'], { ...law.options, baseDir: root, validate: true, ruleSet: { forbidden: law.forbidden } });
  const { summary } = output as ICruiseResult;
  const breaches = summary.violations.map(({ rule, from, to, cycle }) => ({
    rule: rule.name,
    from,
    to: cycle ? cycle.map(step => step.name).join(' → ') : to,
    why: reasons.get(rule.name) ?? '',
  }));
  return { modules: summary.totalCruised, breaches };
};

if (import.meta.main) {
  const { modules, breaches } = await checkImportLaw(process.cwd());
  for (const { rule, from, to, why } of breaches) console.error(`${from} → ${to}\n  ${rule}: ${why}`);
  // Without a parser for TypeScript the tool reads nothing and would call that lawful.
  if (modules === 0) console.error('no module was read: is @swc/core installed?');
  console.log(`import law: ${modules} modules, ${breaches.length} breaches`);
  process.exitCode = modules === 0 || breaches.length > 0 ? 1 : 0;
}
