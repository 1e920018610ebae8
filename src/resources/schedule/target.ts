import { z } from 'zod';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findSchedule, type ScheduleRow } from './queries.ts';

export const JobId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Job' });

const whyNotBuiltIn = ({ builtIn, name }: ScheduleRow): string | undefined =>
  builtIn ? `${name} is part of every console and goes on while one is open` : undefined;

const whyNotUnplanned = ({ unplannedAt, name }: ScheduleRow): string | undefined =>
  unplannedAt === null ? undefined : `${name} was unplanned`;

export const whyNotUnplan = (job: ScheduleRow): string | undefined =>
  job.runbook === null ? `${job.name} is no planned run` : whyNotUnplanned(job);
export const whyNotPause = (job: ScheduleRow): string | undefined =>
  whyNotBuiltIn(job) ?? whyNotUnplanned(job) ?? (job.pausedAt === null ? undefined : `${job.name} is paused`);
export const whyNotResume = (job: ScheduleRow): string | undefined =>
  whyNotBuiltIn(job) ?? whyNotUnplanned(job) ?? (job.pausedAt === null ? `${job.name} is not paused` : undefined);
export const whyNotNow = (job: ScheduleRow): string | undefined =>
  whyNotBuiltIn(job) ??
  whyNotUnplanned(job) ??
  (job.state === 'running' || job.state === 'waiting' ? `${job.name} is being executed or waits for it` : undefined);

/** The job if it exists and the rule has nothing against it. */
export const jobFor = async (
  id: bigint,
  { db }: Context,
  whyNot: (job: ScheduleRow) => string | undefined,
): Promise<Outcome<ScheduleRow>> => {
  const job = await findSchedule(db, id);
  if (!job) return notFound(`there is no job ${id}`);
  const objection = whyNot(job);
  return objection === undefined ? done(job) : conflict(objection);
};

export const jobTarget = (job: ScheduleRow): Target => ({ id: String(job.id), label: job.name, version: job.version });
