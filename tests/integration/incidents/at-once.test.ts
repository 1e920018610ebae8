import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anIncidentWorld, type IncidentWorld } from '../../support/incident-world.ts';
import { full, report } from '../../support/reliability.ts';

let world: IncidentWorld;
const figures: Record<string, number> = {};

beforeAll(async () => {
  world = await anIncidentWorld();
});
afterAll(async () => {
  report('incidents', figures);
  await world[Symbol.asyncDispose]();
});

describe('at once', () => {
  test('of two consoles that tick one step off, one does it; the other is told', async () => {
    const rounds = full ? 200 : 15;
    const tally = { done: 0, refused: 0 };
    for (let round = 0; round < rounds; round += 1) {
      const id = await world.declare({ level: '1' });
      const step = (await world.steps(id))[0]?.id ?? '';
      const outcomes = await Promise.all([
        world.run('incident-steps.check', { id: step }),
        world.run('incident-steps.check', { id: step }, world.two),
      ]);
      for (const outcome of outcomes) tally[outcome.ok ? 'done' : 'refused'] += 1;
      const rows = await world.bank.rows(
        `SELECT FROM ops.audit WHERE entity = 'incident-step' AND entity_id = $1 AND outcome = 'success'`,
        [step],
      );
      expect(rows).toHaveLength(1);
    }
    expect(tally).toEqual({ done: rounds, refused: rounds });
    figures['steps ticked by two at once, each done once'] = rounds;
  });

  test('what is done while a review is closed is in it, or refused, or later: its hash fits afterwards', async () => {
    const rounds = full ? 60 : 6;
    const lessons = { rootCause: 'a test that does everything at once', prevention: 'nothing prevents tests from trying' };
    let [before, after] = [0, 0];
    for (let round = 0; round < rounds; round += 1) {
      const id = await world.declare({ level: '1' });
      await world.does('incidents.draft-notice', { id, audience: 'legal' });
      await world.does('incidents.contain', { id });
      await world.does('incidents.resolve', { id });
      const [draft] = await world.bank.rows<{ id: string }>('SELECT id FROM ops.incident_notice WHERE incident_id = $1', [id]);
      const step = (await world.steps(id))[0]?.id ?? '';
      const [ticked, sent, reviewed] = await Promise.all([
        world.run('incident-steps.check', { id: step }),
        world.run('incident-notices.send', { id: draft?.id ?? '' }, world.two),
        world.run('incidents.review', { id, ...lessons }),
      ]);
      expect([sent.ok, reviewed.ok]).toEqual([true, true]);
      if (ticked.ok) before += 1;
      else after += 1;
      const fits = `SELECT sha256(convert_to(ops.incident_document(id), 'UTF8')) = result_hash AS fits FROM ops.incident WHERE id = $1`;
      expect(await world.bank.rows(fits, [id])).toEqual([{ fits: true }]);
    }
    figures['reviews closed while others acted, all hashes fit'] = rounds;
    figures['of them with the step ticked before'] = before;
    expect(before + after).toBe(rounds);
  });

  test('of two that send one draft, one does; customers get it only after two people agreed', async () => {
    const account = await world.bank.account();
    const id = await world.declare({ records: account.number });
    await world.does('incidents.draft-notice', { id, audience: 'legal' });
    const draftOf = async (audience: string) =>
      (
        await world.bank.rows<{ id: string; body: string }>(
          'SELECT id, body FROM ops.incident_notice WHERE incident_id = $1 AND audience = $2',
          [id, audience],
        )
      )[0];
    const legal = (await draftOf('legal'))?.id ?? '';
    const outcomes = await Promise.all([
      world.run('incident-notices.send', { id: legal }),
      world.run('incident-notices.send', { id: legal }, world.two),
    ]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    const sent = () =>
      world.bank.rows<{ recipient: string; body: string }>(
        `SELECT recipient, body FROM ops.notice WHERE template = 'incident-update' AND about_id IN (SELECT n.id::text FROM ops.incident_notice n WHERE n.incident_id = $1) ORDER BY number`,
        [id],
      );
    expect(await sent()).toMatchObject([{ recipient: 'legal@bank.example', body: expect.stringContaining('GDPR') as string }]);

    await world.does('incidents.draft-notice', { id, audience: 'customers' });
    const customers = await draftOf('customers');
    expect(customers?.body).toContain('Give your password and codes to nobody');
    await world.does('incident-notices.edit', { id: customers?.id ?? '', text: 'We hold your account while we look into something odd.' });
    expect(await world.refusedBy('incident-notices.send', { id: customers?.id ?? '' })).toContain('waiting-for-approval');
    expect(await sent()).toHaveLength(1);

    // with the action alone nobody reaches anybody else
    const stray = `SELECT ops.enqueue_notice('incident-update', 'email', 'mallory@mail.example', 'x', 'give us your codes', NULL, NULL, 'incident-notice', $1)`;
    expect(await world.refusedAs('incident-notices.send', stray, [customers?.id])).toMatchObject({ code: 'BU004' });
    expect(await sent()).toHaveLength(1);
  });
});
