import { z } from 'zod';
import { CaseTitle } from '../../domain/case-file.ts';
import { Note } from '../../domain/note.ts';
import { done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { accountNumbered, openCase } from './queries.ts';

type Facts = { readonly about: Awaited<ReturnType<typeof accountNumbered>> };

export const openOneCase = defineAction({
  id: 'cases.open',
  title: 'Open a case',
  past: 'opened',
  permission: 'case.work',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'case',
  input: z.object({
    title: CaseTitle,
    account: z.string().trim().max(34, 'takes at most 34 characters').optional().meta({ title: 'Account number, if it is about one' }),
    note: Note,
  }),

  gather: async ({ account }, { db }) => {
    if (account === undefined) return done<Facts>({ about: undefined });
    const about = await accountNumbered(db, account);
    return about ? done<Facts>({ about }) : notFound(`there is no account ${account}`);
  },
  target: (_facts, { title }) => ({ id: '-', label: title, version: 0 }),
  preview: ({ about }, { title, account }) => [
    `a case is opened: ${title}`,
    about ? `it is about ${account} of ${about.owner}; alerts of this account that are escalated join it` : 'it is about no one account',
    'nobody investigates it until it is taken; closing it takes two people',
  ],

  execute: async ({ about }, { title, note }, { db }) => {
    const id = await openCase(db, title, about?.id ?? null, note);
    return {
      summary: `opened case ${id}`,
      target: { id: String(id), label: `case ${id}`, version: 0 },
      new: { title, account: about ? String(about.id) : null },
    };
  },
});
