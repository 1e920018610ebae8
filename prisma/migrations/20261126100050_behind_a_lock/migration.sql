-- How far the runs are that are under way, for a screen that is locked: which runbook, since when, and its steps by their state, their time and the percentage that their log says last.
-- Nothing of what they are about: no target, no host, no word of a log, no number. Asked with the session of the screen, which may be locked but not over, by whoever may read runs.
CREATE FUNCTION ops.progress_of_runs(token text) RETURNS TABLE (runbook text, seconds integer, steps jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  session uuid := ops.delivering_session(token);
BEGIN
  IF NOT ops.may((SELECT s.operator_id FROM ops.operator_session s WHERE s.id = session), 'run.read') THEN RETURN; END IF;
  RETURN QUERY
  SELECT r.runbook, greatest(0, extract(epoch FROM clock_timestamp() - coalesce(r.began_at, r.queued_at)))::integer, p.steps
    FROM ops.run r
   CROSS JOIN LATERAL (
     SELECT coalesce(jsonb_agg(jsonb_build_object(
              'status', s.status, 'seconds', extract(epoch FROM coalesce(s.finished_at, clock_timestamp()) - s.began_at)::integer,
              'tail', coalesce((SELECT m[1] || ' %' FROM regexp_matches(right(s.tail, 4000), '(?:^|[\r\n])\s*(\d{1,3})(?:\.\d+)? ?%', 'g') WITH ORDINALITY AS x (m, turn) ORDER BY turn DESC LIMIT 1), ''),
              'usual', (SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM f.finished_at - f.began_at)))::integer FROM ops.run_step f
                         WHERE f.title = s.title AND f.position = s.position AND f.status = 'succeeded'
                           AND f.run_id IN (SELECT o.id FROM ops.run o WHERE o.runbook = r.runbook AND (o.queued_at, o.number) < (r.queued_at, r.number) ORDER BY o.queued_at DESC, o.number DESC LIMIT 20))
            ) ORDER BY s.position), '[]') AS steps
       FROM ops.run_step s WHERE s.run_id = r.id) p
   WHERE r.status = 'running' ORDER BY r.began_at, r.number LIMIT 20;
END $$;
