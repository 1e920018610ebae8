-- Roles of the administered platform's users, who holds them and until when, what one person must not hold together,
-- and the review of all that. A timed grant is compared with the clock at every question: no job has to run for it to end.

-- ── Roles and permissions ────────────────────────────────────────────────────────────────────────

CREATE TABLE platform.role (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slug            text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 60),
  name            text NOT NULL CHECK (length(btrim(name)) BETWEEN 2 AND 80),
  description     text NOT NULL DEFAULT '' CHECK (length(description) <= 500),
  profile         text NOT NULL CHECK (profile IN ('banking', 'handyconnect', 'fastresult', 'phase8', 'afterresume')),
  role_type       text NOT NULL DEFAULT 'general' CHECK (role_type IN ('general', 'system_admin', 'university_admin', 'hod', 'dean', 'lecturer', 'exam_officer', 'student', 'support_staff')),
  level           smallint NOT NULL CHECK (level BETWEEN 0 AND 10), -- 0 is the highest
  is_module_admin boolean NOT NULL DEFAULT false,
  is_active       boolean NOT NULL DEFAULT true,
  bank_role       text UNIQUE, -- whoever has this role in bank.user holds this one without a grant
  created_at      timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  version         integer NOT NULL DEFAULT 0
);
CREATE INDEX role_level_id_idx ON platform.role (level, id);
CREATE INDEX role_created_at_id_idx ON platform.role (created_at, id);

CREATE TABLE platform.permission (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  codename    text NOT NULL UNIQUE CHECK (codename ~ '^[a-z0-9]+\.[a-z0-9]+(-[a-z0-9]+)*\.[a-z]+$' AND length(codename) <= 80),
  resource    text NOT NULL,
  category    text NOT NULL CHECK (category IN ('view', 'create', 'edit', 'delete', 'approve', 'export', 'import', 'manage')),
  description text NOT NULL DEFAULT '' CHECK (length(description) <= 500),
  CONSTRAINT says_what_it_is CHECK (split_part(codename, '.', 2) = resource AND split_part(codename, '.', 3) = category)
);
CREATE INDEX permission_resource_id_idx ON platform.permission (resource, id);

CREATE TABLE platform.role_permission (
  role_id       bigint NOT NULL REFERENCES platform.role,
  permission_id bigint NOT NULL REFERENCES platform.permission,
  PRIMARY KEY (role_id, permission_id)
);
CREATE INDEX role_permission_permission_id_idx ON platform.role_permission (permission_id);

CREATE TABLE platform.role_grant (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id      bigint NOT NULL, -- of bank.user, which may be a view
  role_id      bigint NOT NULL REFERENCES platform.role,
  tenant       text NOT NULL DEFAULT '' CHECK (length(tenant) <= 60), -- the organization it is good for; empty for all
  granted_by   bigint NOT NULL REFERENCES ops.operator,
  granted_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  expires_at   timestamptz(3),
  revoked_at   timestamptz(3),
  revoked_by   bigint REFERENCES ops.operator, -- null where it ran out
  last_used_at timestamptz(3),
  CONSTRAINT grant_has_a_future CHECK (expires_at > granted_at),
  CONSTRAINT revoked_is_told CHECK (revoked_by IS NULL OR revoked_at IS NOT NULL)
);
CREATE UNIQUE INDEX role_grant_live_key ON platform.role_grant (user_id, role_id, tenant) WHERE revoked_at IS NULL;
CREATE INDEX role_grant_role_id_user_id_idx ON platform.role_grant (role_id, user_id);
CREATE INDEX role_grant_user_id_idx ON platform.role_grant (user_id);
CREATE INDEX role_grant_granted_at_id_idx ON platform.role_grant (granted_at, id);

-- In the list of both, users' grants have even places and operators' odd ones.
CREATE INDEX role_grant_granted_at_place_idx ON platform.role_grant (granted_at, (id * 2));
CREATE UNIQUE INDEX role_grant_place_key ON platform.role_grant ((id * 2));
CREATE INDEX role_grant_granted_at_place_idx ON ops.role_grant (granted_at, (id * 2 + 1));
CREATE VIEW ops.held_role AS
  SELECT g.id * 2 AS id, 'user'::text AS kind, g.user_id AS subject_id, g.role_id, NULL::text AS role, g.tenant, g.granted_by, g.granted_at, g.expires_at, g.revoked_at, g.revoked_by, g.last_used_at
    FROM platform.role_grant g
  UNION ALL
  SELECT g.id * 2 + 1, 'operator', g.operator_id, NULL, g.role, '', g.granted_by, g.granted_at, g.expires_at, g.ended_at, g.ended_by,
         (SELECT r.last_used_at FROM ops.operator_role r WHERE r.operator_id = g.operator_id AND r.role = g.role AND g.ended_at IS NULL)
    FROM ops.role_grant g;

-- ── What the guides name ─────────────────────────────────────────────────────────────────────────

INSERT INTO platform.permission (codename, resource, category, description)
SELECT p.codename, split_part(p.codename, '.', 2), split_part(p.codename, '.', 3), p.description FROM (VALUES
  ('banking.panel.view', 'Opens the panel with its figures'), ('banking.account.view', 'Sees accounts'), ('banking.account.edit', 'Changes accounts'),
  ('banking.transaction.view', 'Sees transactions'), ('banking.transaction.edit', 'Changes what is noted of transactions'),
  ('banking.adminaction.create', 'Adds the record of an administrator''s act'), ('banking.user.view', 'Sees users'), ('banking.user.create', 'Creates users'),
  ('banking.user.edit', 'Changes users'), ('banking.group.manage', 'Changes groups and what they may'), ('banking.administrator.create', 'Creates administrators'),
  ('banking.configuration.manage', 'Changes the configuration'),
  ('handyconnect.task.view', 'Sees tasks'), ('handyconnect.task.edit', 'Works on tasks'), ('handyconnect.customer.view', 'Sees customers'),
  ('handyconnect.basic-report.view', 'Sees the basic reports'), ('handyconnect.report.view', 'Sees all reports'), ('handyconnect.own-settings.edit', 'Changes one''s own settings'),
  ('handyconnect.team.manage', 'Leads the team'), ('handyconnect.assignment.manage', 'Assigns tasks'), ('handyconnect.analytics.view', 'Sees the analytics'),
  ('handyconnect.training.manage', 'Plans training'), ('handyconnect.user.manage', 'Changes users'), ('handyconnect.configuration.manage', 'Changes the configuration'),
  ('handyconnect.security.manage', 'Changes what keeps the platform safe'),
  ('fastresult.registry.manage', 'Keeps the registry of universities'), ('fastresult.role-template.manage', 'Keeps role templates'),
  ('fastresult.permission-template.manage', 'Keeps permission templates'), ('fastresult.academic-template.manage', 'Keeps academic templates'),
  ('fastresult.workflow-template.manage', 'Keeps workflow templates'), ('fastresult.result-engine.manage', 'Keeps formulas of results'),
  ('fastresult.setting.manage', 'Changes platform settings'), ('fastresult.feature-flag.manage', 'Switches features'), ('fastresult.audit.view', 'Reads the audit log'),
  ('fastresult.student.view', 'Sees students'), ('fastresult.student.create', 'Enrols students'), ('fastresult.student.edit', 'Changes students'),
  ('fastresult.student.delete', 'Removes students'), ('fastresult.student.import', 'Imports lists of students'), ('fastresult.lecturer.manage', 'Keeps lecturers'),
  ('fastresult.department.view', 'Sees departments'), ('fastresult.department.manage', 'Keeps departments'), ('fastresult.course.view', 'Sees courses'),
  ('fastresult.course.edit', 'Changes courses'), ('fastresult.course.approve', 'Approves courses'), ('fastresult.result.view', 'Sees results'),
  ('fastresult.own-result.view', 'Sees one''s own results'), ('fastresult.result.create', 'Enters results'), ('fastresult.result.edit', 'Corrects results not yet approved'),
  ('fastresult.result.approve', 'Approves results'), ('fastresult.result.export', 'Exports results'), ('fastresult.result.import', 'Imports results'),
  ('phase8.pipeline.view', 'Sees pipelines and what they made'), ('phase8.execution.create', 'Runs pipelines'), ('phase8.pipeline.create', 'Builds pipelines'),
  ('phase8.pipeline.edit', 'Changes pipelines'), ('phase8.report.view', 'Sees the reports'), ('phase8.report.export', 'Takes reports along'),
  ('phase8.connector.manage', 'Keeps connectors'), ('phase8.activity.view', 'Reads the activity log'), ('phase8.user.manage', 'Creates, changes and deactivates users'),
  ('phase8.cleanup.manage', 'Runs cleanups'), ('phase8.backup.manage', 'Makes and restores backups'), ('phase8.developer-role.approve', 'Lets developers into production'),
  ('afterresume.tenant-settings.manage', 'Changes the settings of a tenant'), ('afterresume.billing.view', 'Sees what is billed'), ('afterresume.billing.manage', 'Changes what is billed'),
  ('afterresume.user.manage', 'Invites and removes members'), ('afterresume.audit.view', 'Reads the audit log'), ('afterresume.worklog.view', 'Sees worklogs'),
  ('afterresume.worklog.manage', 'Changes anybody''s worklogs'), ('afterresume.own-worklog.edit', 'Writes one''s own worklogs'), ('afterresume.skill.view', 'Sees skills'),
  ('afterresume.skill.manage', 'Changes anybody''s skills'), ('afterresume.own-skill.edit', 'Changes one''s own skills'), ('afterresume.report.view', 'Sees reports'),
  ('afterresume.report.create', 'Makes reports'), ('afterresume.report.manage', 'Changes anybody''s reports'), ('afterresume.job.view', 'Sees jobs'),
  ('afterresume.job.create', 'Starts jobs'), ('afterresume.share-link.view', 'Opens share links'), ('afterresume.share-link.create', 'Makes share links'),
  ('afterresume.own-data.export', 'Exports one''s own data')
) AS p(codename, description);

INSERT INTO platform.role (slug, name, description, profile, role_type, level, is_module_admin, bank_role) VALUES
  ('banking-superuser', 'Superuser', 'Everything, creating administrators included', 'banking', 'general', 0, true, NULL),
  ('banking-admins', 'Banking Admins', 'Accounts and transactions, and the record of what was done to them', 'banking', 'general', 3, false, NULL),
  ('banking-staff', 'Staff', 'The panel and the users', 'banking', 'general', 5, false, NULL),
  ('handyconnect-system-administrator', 'System Administrator', 'Everything: users, configuration, security', 'handyconnect', 'general', 0, true, NULL),
  ('handyconnect-support-manager', 'Support Manager', 'Team, assignment, analytics, training', 'handyconnect', 'general', 3, false, NULL),
  ('handyconnect-support-agent', 'Support Agent', 'Tasks, customers, basic reports, own settings', 'handyconnect', 'general', 6, false, NULL),
  ('handyconnect-read-only', 'Read-Only', 'Tasks and reports, to look at', 'handyconnect', 'general', 9, false, NULL),
  ('fastresult-system-admin', 'System admin', 'The platform: registry, templates, settings, flags, audit; nothing within a university', 'fastresult', 'system_admin', 0, true, NULL),
  ('fastresult-university-admin', 'University admin', 'One university: its people, departments and courses', 'fastresult', 'university_admin', 1, true, NULL),
  ('fastresult-dean', 'Dean', 'Approves what the departments of a faculty hand in', 'fastresult', 'dean', 3, false, NULL),
  ('fastresult-hod', 'Head of department', 'Courses and results of a department', 'fastresult', 'hod', 4, false, NULL),
  ('fastresult-exam-officer', 'Exam officer', 'Brings results in and out', 'fastresult', 'exam_officer', 5, false, NULL),
  ('fastresult-lecturer', 'Lecturer', 'Enters the results of own courses', 'fastresult', 'lecturer', 6, false, NULL),
  ('fastresult-support-staff', 'Support staff', 'Looks students up', 'fastresult', 'support_staff', 8, false, NULL),
  ('fastresult-student', 'Student', 'Own results', 'fastresult', 'student', 10, false, NULL),
  ('phase8-admin', 'Admin', 'Everything', 'phase8', 'general', 0, true, 'admin'),
  ('phase8-developer', 'Developer', 'Pipelines and connectors', 'phase8', 'general', 2, false, 'developer'),
  ('phase8-executive', 'Executive', 'Reports, also to take along', 'phase8', 'general', 3, false, 'executive'),
  ('phase8-designer', 'Designer', 'Builds pipelines', 'phase8', 'general', 5, false, 'designer'),
  ('phase8-executor', 'Executor', 'Runs pipelines', 'phase8', 'general', 6, false, 'executor'),
  ('phase8-viewer', 'Viewer', 'Looks at pipelines and what they made', 'phase8', 'general', 9, false, 'viewer'),
  ('afterresume-owner', 'Owner', 'Everything of a tenant, its settings and billing included', 'afterresume', 'general', 0, true, NULL),
  ('afterresume-admin', 'Admin', 'Members and their work; sees billing and audit', 'afterresume', 'general', 2, false, NULL),
  ('afterresume-member', 'Member', 'Own work, reports, jobs, share links, own export', 'afterresume', 'general', 6, false, NULL),
  ('afterresume-read-only', 'Read Only', 'Looks at the work of a tenant', 'afterresume', 'general', 9, false, NULL);

-- Patterns of codenames, as LIKE takes them.
INSERT INTO platform.role_permission (role_id, permission_id)
SELECT DISTINCT r.id, p.id FROM (VALUES
  ('banking-superuser', '{banking.%}'), ('banking-staff', '{banking.panel.view,banking.user.%}'),
  ('banking-admins', '{banking.account.view,banking.account.edit,banking.transaction.view,banking.transaction.edit,banking.adminaction.create}'),
  ('handyconnect-system-administrator', '{handyconnect.%}'),
  ('handyconnect-support-manager', '{handyconnect.team.manage,handyconnect.assignment.manage,handyconnect.analytics.view,handyconnect.training.manage}'),
  ('handyconnect-support-agent', '{handyconnect.task.%,handyconnect.customer.view,handyconnect.basic-report.view,handyconnect.own-settings.edit}'),
  ('handyconnect-read-only', '{handyconnect.task.view,handyconnect.report.view}'),
  ('fastresult-system-admin', '{fastresult.registry.manage,fastresult.%-template.manage,fastresult.result-engine.manage,fastresult.setting.manage,fastresult.feature-flag.manage,fastresult.audit.view}'),
  ('fastresult-university-admin', '{fastresult.student.%,fastresult.lecturer.manage,fastresult.department.%,fastresult.course.view,fastresult.course.edit,fastresult.audit.view}'),
  ('fastresult-dean', '{fastresult.department.view,fastresult.course.view,fastresult.course.approve,fastresult.result.view,fastresult.result.approve}'),
  ('fastresult-hod', '{fastresult.department.view,fastresult.course.view,fastresult.course.edit,fastresult.result.view}'),
  ('fastresult-exam-officer', '{fastresult.result.view,fastresult.result.import,fastresult.result.export,fastresult.student.view}'),
  ('fastresult-lecturer', '{fastresult.course.view,fastresult.student.view,fastresult.result.view,fastresult.result.create,fastresult.result.edit}'),
  ('fastresult-support-staff', '{fastresult.student.view}'), ('fastresult-student', '{fastresult.own-result.view}'),
  ('phase8-admin', '{phase8.%}'), ('phase8-developer', '{phase8.pipeline.%,phase8.execution.create,phase8.connector.manage}'),
  ('phase8-executive', '{phase8.pipeline.view,phase8.report.%}'), ('phase8-designer', '{phase8.pipeline.%,phase8.execution.create}'),
  ('phase8-executor', '{phase8.pipeline.view,phase8.execution.create}'), ('phase8-viewer', '{phase8.pipeline.view}'),
  ('afterresume-owner', '{afterresume.%}'),
  ('afterresume-admin', '{afterresume.user.manage,afterresume.worklog.%,afterresume.skill.%,afterresume.report.%,afterresume.billing.view,afterresume.audit.view}'),
  ('afterresume-member', '{afterresume.own-worklog.edit,afterresume.own-skill.edit,afterresume.report.view,afterresume.report.create,afterresume.job.%,afterresume.share-link.%,afterresume.own-data.export}'),
  ('afterresume-read-only', '{afterresume.worklog.view,afterresume.skill.view,afterresume.report.view,afterresume.job.view,afterresume.share-link.view}')
) AS held(slug, patterns)
JOIN platform.role r USING (slug) JOIN platform.permission p ON p.codename LIKE ANY (held.patterns::text[]);

CREATE TRIGGER demand_action BEFORE INSERT OR UPDATE OR DELETE ON platform.role FOR EACH ROW EXECUTE FUNCTION ops.demand_action('roles.%');
CREATE TRIGGER demand_action BEFORE INSERT OR UPDATE OR DELETE ON platform.role_permission FOR EACH ROW EXECUTE FUNCTION ops.demand_action('roles.set-permissions');
CREATE TRIGGER keep_rows BEFORE DELETE ON platform.role FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON platform.role FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE INSERT OR UPDATE OR DELETE ON platform.permission FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION platform.guard_role() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (new.id, new.slug, new.profile, new.created_at) IS DISTINCT FROM (old.id, old.slug, old.profile, old.created_at) OR new.bank_role IS DISTINCT FROM old.bank_role THEN
    RAISE EXCEPTION 'slug and platform of a role never change: make another role' USING ERRCODE = 'BU007';
  END IF;
  new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON platform.role FOR EACH ROW EXECUTE FUNCTION platform.guard_role();

-- A grant is made and revoked by its actions; that it was used, the platform notes.
CREATE FUNCTION platform.guard_role_grant() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('users.grant-role', 'grants.grant');
    new.granted_by := run.operator_id; new.granted_at := clock_timestamp(); new.revoked_at := NULL; new.revoked_by := NULL; new.last_used_at := NULL;
    RETURN new;
  END IF;
  IF (to_jsonb(new) - '{last_used_at}'::text[]) = (to_jsonb(old) - '{last_used_at}'::text[]) AND new.last_used_at >= coalesce(old.last_used_at, old.granted_at) THEN RETURN new; END IF;
  IF (to_jsonb(new) - '{revoked_at,revoked_by}'::text[]) <> (to_jsonb(old) - '{revoked_at,revoked_by}'::text[]) OR old.revoked_at IS NOT NULL OR new.revoked_at IS NULL THEN
    RAISE EXCEPTION 'a grant is revoked once, and otherwise stays as it was given' USING ERRCODE = 'BU010';
  END IF;
  IF old.expires_at <= clock_timestamp() THEN
    new.revoked_at := old.expires_at; new.revoked_by := NULL;
    RETURN new;
  END IF;
  run := ops.require_action('grants.revoke', 'review-items.revoke');
  new.revoked_at := clock_timestamp(); new.revoked_by := run.operator_id;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON platform.role_grant FOR EACH ROW EXECUTE FUNCTION platform.guard_role_grant();
CREATE TRIGGER keep BEFORE DELETE ON platform.role_grant FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON platform.role_grant FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- ── What somebody may, at this instant ───────────────────────────────────────────────────────────

-- Roles of an active user that count now: granted, not revoked, not run out, not retired; and the one of bank.user. A
-- grant for one tenant counts there only.
CREATE FUNCTION platform.live_roles(of_user bigint, in_tenant text DEFAULT '') RETURNS TABLE (role_id bigint, grant_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT g.role_id, g.id FROM platform.role_grant g JOIN platform.role r ON r.id = g.role_id AND r.is_active JOIN bank."user" u ON u.id = g.user_id AND u.status = 'active'
   WHERE g.user_id = of_user AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp()) AND g.tenant IN ('', in_tenant)
  UNION ALL
  SELECT r.id, NULL FROM bank."user" u JOIN platform.role r ON r.bank_role = u.role AND r.is_active WHERE u.id = of_user AND u.status = 'active';
END $$;

CREATE FUNCTION platform.effective_permissions(of_user bigint, in_tenant text DEFAULT '') RETURNS TABLE (codename text, roles text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT p.codename, array_agg(DISTINCT r.slug ORDER BY r.slug)
    FROM platform.live_roles(of_user, in_tenant) l JOIN platform.role r ON r.id = l.role_id JOIN platform.role_permission rp ON rp.role_id = r.id JOIN platform.permission p ON p.id = rp.permission_id
   GROUP BY p.codename ORDER BY p.codename;
END $$;

CREATE FUNCTION platform.has_permission(of_user bigint, wanted text, in_tenant text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM platform.live_roles(of_user, in_tenant) l JOIN platform.role_permission rp ON rp.role_id = l.role_id
                   JOIN platform.permission p ON p.id = rp.permission_id WHERE p.codename = wanted);
END $$;

-- The same, asked by the platform when somebody does it: notes, at most once an hour, that the grant was used.
CREATE FUNCTION platform.use_permission(of_user bigint, wanted text, in_tenant text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE platform.role_grant g SET last_used_at = clock_timestamp()
    FROM platform.live_roles(of_user, in_tenant) l JOIN platform.role_permission rp ON rp.role_id = l.role_id JOIN platform.permission p ON p.id = rp.permission_id
   WHERE g.id = l.grant_id AND p.codename = wanted AND (g.last_used_at IS NULL OR g.last_used_at < clock_timestamp() - interval '1 hour');
  RETURN platform.has_permission(of_user, wanted, in_tenant);
END $$;

-- ── Changing roles ───────────────────────────────────────────────────────────────────────────────

-- Whether a user of the platform is one of those who act here, the maker of the request included: known by the address.
CREATE FUNCTION ops.is_oneself(of_user bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_acting();
BEGIN
  RETURN EXISTS (SELECT FROM bank."user" u JOIN ops.operator o ON lower(o.email) = lower(u.email)
                  WHERE u.id = of_user AND o.id IN (run.operator_id, ops.maker()));
END $$;

-- Locks a role if it is still the version that was looked at.
CREATE FUNCTION platform.take_role(wanted bigint, expected_version integer) RETURNS platform.role LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken platform.role;
BEGIN
  SELECT * INTO taken FROM platform.role r WHERE r.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no role %', wanted USING ERRCODE = 'BU011'; END IF;
  IF taken.version IS DISTINCT FROM expected_version THEN RAISE EXCEPTION 'the role % changed meanwhile', taken.slug USING ERRCODE = 'BU005'; END IF;
  RETURN taken;
END $$;

CREATE FUNCTION platform.create_role(slug text, name text, description text, profile text, role_type text, level integer, is_module_admin boolean) RETURNS platform.role
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made platform.role;
BEGIN
  PERFORM ops.require_action('roles.create');
  INSERT INTO platform.role AS r (slug, name, description, profile, role_type, level, is_module_admin)
  VALUES (create_role.slug, btrim(create_role.name), create_role.description, create_role.profile, create_role.role_type, create_role.level, create_role.is_module_admin)
  ON CONFLICT DO NOTHING RETURNING r.* INTO made;
  IF made.id IS NULL THEN RAISE EXCEPTION 'there is a role % already', create_role.slug USING ERRCODE = 'BU007'; END IF;
  RETURN made;
END $$;

CREATE FUNCTION platform.edit_role(wanted bigint, expected_version integer, name text, description text, role_type text, level integer, is_module_admin boolean) RETURNS platform.role
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed platform.role;
BEGIN
  PERFORM ops.require_action('roles.edit');
  changed := platform.take_role(wanted, expected_version);
  UPDATE platform.role r SET name = btrim(edit_role.name), description = edit_role.description, role_type = edit_role.role_type, level = edit_role.level, is_module_admin = edit_role.is_module_admin
   WHERE r.id = wanted RETURNING r.* INTO changed;
  RETURN changed;
END $$;

-- A retired role gives nobody anything; its grants stay, for whoever asks later.
CREATE FUNCTION platform.set_role_active(wanted bigint, active boolean, expected_version integer) RETURNS platform.role
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed platform.role;
BEGIN
  PERFORM ops.require_action(CASE WHEN active THEN 'roles.restore' ELSE 'roles.retire' END);
  changed := platform.take_role(wanted, expected_version);
  IF changed.is_active = active THEN
    RAISE EXCEPTION 'the role % is % already', changed.slug, CASE WHEN active THEN 'in use' ELSE 'retired' END USING ERRCODE = 'BU007';
  END IF;
  IF active AND platform.holders_of(wanted) > 0 THEN
    PERFORM ops.require_two(format('restoring %s gives %s people its permissions again: somebody else decides it', changed.slug, platform.holders_of(wanted)));
    PERFORM ops.require_target('role', wanted::text);
  END IF;
  UPDATE platform.role r SET is_active = active WHERE r.id = wanted RETURNING r.* INTO changed;
  RETURN changed;
END $$;

-- How many hold a role now, whether or not it is in use.
CREATE FUNCTION platform.holders_of(wanted bigint) RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT count(*)::integer FROM (
    SELECT g.user_id FROM platform.role_grant g WHERE g.role_id = wanted AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp())
    UNION SELECT u.id FROM bank."user" u JOIN platform.role r ON r.bank_role = u.role WHERE r.id = wanted AND u.status <> 'deactivated') h);
END $$;

-- Puts exactly these permissions into a role. More for a role that somebody holds is more for them: that takes two.
CREATE FUNCTION platform.set_role_permissions(wanted bigint, expected_version integer, codenames text[]) RETURNS platform.role
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed platform.role;
  approved jsonb;
  unknown text;
  added integer;
BEGIN
  PERFORM ops.require_action('roles.set-permissions');
  approved := ops.require_target('role', wanted::text);
  changed := platform.take_role(wanted, expected_version);
  SELECT c INTO unknown FROM unnest(codenames) c WHERE NOT EXISTS (SELECT FROM platform.permission p WHERE p.codename = c AND split_part(p.codename, '.', 1) = changed.profile) LIMIT 1;
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION '% is no permission of %', unknown, changed.profile USING ERRCODE = 'BU011';
  END IF;
  -- What the second person saw named, or covered by a star, and nothing more.
  SELECT c INTO unknown FROM unnest(codenames) c
   WHERE approved IS NOT NULL
     AND NOT EXISTS (SELECT FROM platform.role_permission rp JOIN platform.permission p ON p.id = rp.permission_id WHERE rp.role_id = wanted AND p.codename = c)
     AND NOT EXISTS (SELECT FROM regexp_split_to_table(approved ->> 'permissions', '[[:space:],]+') word WHERE word NOT LIKE '-%' AND c LIKE replace(ltrim(word, '+'), '*', '%'))
   LIMIT 1;
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION '% was not approved', unknown USING ERRCODE = 'BU004';
  END IF;
  DELETE FROM platform.role_permission rp USING platform.permission p WHERE rp.role_id = wanted AND p.id = rp.permission_id AND p.codename <> ALL (codenames);
  INSERT INTO platform.role_permission (role_id, permission_id) SELECT wanted, p.id FROM platform.permission p WHERE p.codename = ANY (codenames) ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS added = ROW_COUNT;
  IF added > 0 AND platform.holders_of(wanted) > 0 THEN
    PERFORM ops.require_two(format('%s people hold %s: more permissions for them are decided by somebody else', platform.holders_of(wanted), changed.slug));
  END IF;
  UPDATE platform.role r SET level = r.level WHERE r.id = wanted RETURNING r.* INTO changed;
  RETURN changed;
END $$;

-- ── Granting and revoking ────────────────────────────────────────────────────────────────────────

-- `4h`, `7d`, or a day, which is included. Null is without end.
CREATE FUNCTION platform.until(said text) RETURNS timestamptz LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF said IS NULL OR said = '' THEN RETURN NULL; END IF;
  IF said ~ '^[0-9]{1,4}[mhdw]$' THEN
    RETURN clock_timestamp() + left(said, -1)::integer * CASE right(said, 1) WHEN 'm' THEN interval '1 minute' WHEN 'h' THEN interval '1 hour' WHEN 'd' THEN interval '1 day' ELSE interval '7 days' END;
  END IF;
  IF said ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' THEN
    RETURN (SELECT (said::date + 1)::timestamp AT TIME ZONE c.time_zone FROM bank.calendar c);
  END IF;
  RAISE EXCEPTION '"%" is no length of time and no day', left(said, 40) USING ERRCODE = '22P02';
END $$;

-- Whether granting it takes two: by its level, because it administers, or because it holds a permission to manage. The level alone is what somebody wrote.
CREATE FUNCTION platform.is_powerful(wanted bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM platform.role r WHERE r.id = wanted AND (r.level <= 2 OR r.is_module_admin))
      OR EXISTS (SELECT FROM platform.role_permission rp JOIN platform.permission p ON p.id = rp.permission_id WHERE rp.role_id = wanted AND p.category = 'manage');
END $$;

-- Gives a role to a user. A powerful one takes two; nobody gives what stands above them, or anything to themselves.
CREATE FUNCTION platform.grant_role(to_user bigint, wanted bigint, in_tenant text, until_said text) RETURNS platform.role_grant
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('users.grant-role', 'grants.grant');
  person bank."user";
  given platform.role;
  made platform.role_grant;
  asked jsonb;
BEGIN
  SELECT * INTO person FROM bank."user" u WHERE u.id = to_user;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no user %', to_user USING ERRCODE = 'BU011'; END IF;
  SELECT * INTO given FROM platform.role r WHERE r.id = wanted FOR SHARE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no role %', wanted USING ERRCODE = 'BU011'; END IF;
  IF NOT given.is_active THEN RAISE EXCEPTION 'the role % is retired', given.slug USING ERRCODE = 'BU007'; END IF;
  IF given.bank_role IS NOT NULL THEN RAISE EXCEPTION '% comes with the user''s own role %: change that', given.slug, given.bank_role USING ERRCODE = 'BU007'; END IF;
  IF person.status = 'deactivated' THEN RAISE EXCEPTION 'user % is deactivated', person.username USING ERRCODE = 'BU007'; END IF;
  IF ops.is_oneself(to_user) THEN RAISE EXCEPTION 'nobody grants a role to themselves' USING ERRCODE = 'BU009'; END IF;
  IF ops.best_rank(ops.maker()) > greatest(1, given.level) THEN
    RAISE EXCEPTION 'a role of level % is granted by an operator of that rank or a higher one', given.level USING ERRCODE = 'BU002';
  END IF;
  IF platform.is_powerful(wanted) THEN PERFORM ops.require_two(format('%s is a powerful role: granting it is decided by somebody else', given.slug)); END IF;
  asked := ops.require_target('user', to_user::text);
  IF asked IS NOT NULL AND (lower(btrim(asked ->> 'role')), btrim(coalesce(asked ->> 'tenant', '')), btrim(coalesce(asked ->> 'until', ''))) <> (given.slug, in_tenant, coalesce(until_said, '')) THEN
    RAISE EXCEPTION 'the request asked for another role, tenant or end' USING ERRCODE = 'BU004';
  END IF;
  UPDATE platform.role_grant g SET revoked_at = g.expires_at WHERE g.user_id = to_user AND g.role_id = wanted AND g.tenant = in_tenant AND g.revoked_at IS NULL AND g.expires_at <= clock_timestamp();
  INSERT INTO platform.role_grant AS g (user_id, role_id, tenant, granted_by, expires_at) VALUES (to_user, wanted, in_tenant, run.operator_id, platform.until(until_said))
  ON CONFLICT (user_id, role_id, tenant) WHERE revoked_at IS NULL DO NOTHING RETURNING g.* INTO made;
  IF made.id IS NULL THEN RAISE EXCEPTION 'user % holds % already', person.username, given.slug USING ERRCODE = 'BU007'; END IF;
  RETURN made;
END $$;

CREATE FUNCTION platform.revoke_grant(wanted bigint) RETURNS platform.role_grant LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken platform.role_grant;
BEGIN
  PERFORM ops.require_action('grants.revoke', 'review-items.revoke');
  SELECT * INTO taken FROM platform.role_grant g WHERE g.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no grant %', wanted USING ERRCODE = 'BU011'; END IF;
  IF taken.revoked_at IS NOT NULL OR taken.expires_at <= clock_timestamp() THEN RAISE EXCEPTION 'this grant has ended already' USING ERRCODE = 'BU007'; END IF;
  UPDATE platform.role_grant g SET revoked_at = clock_timestamp() WHERE g.id = wanted RETURNING g.* INTO taken;
  RETURN taken;
END $$;

-- The role of a user in the bank itself. What raises it, or concerns an operator, takes two; every session ends.
CREATE FUNCTION bank.set_user_role(id bigint, role text, expected_version integer) RETURNS bank."user" LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed bank."user" := bank.take_user(set_user_role.id, expected_version);
  asked jsonb := ops.require_target('user', set_user_role.id::text);
  before smallint := (SELECT r.rank FROM bank.role r WHERE r.name = changed.role);
  after smallint := (SELECT r.rank FROM bank.role r WHERE r.name = set_user_role.role);
BEGIN
  PERFORM ops.require_action('users.change-role');
  IF after IS NULL THEN RAISE EXCEPTION 'there is no role %', set_user_role.role USING ERRCODE = 'BU011'; END IF;
  IF asked IS NOT NULL AND asked ->> 'role' IS DISTINCT FROM set_user_role.role THEN RAISE EXCEPTION 'the request asked for another role' USING ERRCODE = 'BU004'; END IF;
  IF changed.role = set_user_role.role THEN RAISE EXCEPTION 'user % is % already', changed.username, changed.role USING ERRCODE = 'BU007'; END IF;
  IF ops.is_oneself(changed.id) THEN RAISE EXCEPTION 'nobody changes their own role' USING ERRCODE = 'BU009'; END IF;
  IF ops.best_rank(ops.maker()) > greatest(1, least(before, after)) THEN
    RAISE EXCEPTION 'the role % is given and taken by an operator of that rank or a higher one', CASE WHEN after < before THEN set_user_role.role ELSE changed.role END USING ERRCODE = 'BU002';
  END IF;
  IF after < before THEN PERFORM ops.require_two('a higher role is decided by somebody else'); END IF;
  IF EXISTS (SELECT FROM ops.operator o WHERE o.is_active AND lower(o.email) = lower(changed.email)) THEN PERFORM ops.require_two('the role of an operator is decided by somebody else'); END IF;
  UPDATE bank."user" u SET role = set_user_role.role WHERE u.id = changed.id RETURNING u.* INTO changed;
  PERFORM bank.revoke_sessions(changed.id);
  changed.password_hash := NULL; -- whoever changes a role does not learn it
  RETURN changed;
END $$;

-- ── What one person must not hold together ───────────────────────────────────────────────────────

CREATE TABLE ops.separation (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  realm      text NOT NULL CHECK (realm IN ('operator', 'user')),
  title      text NOT NULL UNIQUE,
  left_kind  text NOT NULL CHECK (left_kind IN ('role', 'permission')),
  left_name  text NOT NULL,
  right_kind text NOT NULL CHECK (right_kind IN ('role', 'permission')),
  right_name text NOT NULL
);
INSERT INTO ops.separation (realm, title, left_kind, left_name, right_kind, right_name) VALUES
  ('operator', 'creates users and approves their accounts', 'permission', 'user.create', 'permission', 'account.approve'),
  ('operator', 'administers operators and decides requests', 'role', 'admin', 'permission', 'approval.decide'),
  ('operator', 'audits and may write', 'role', 'auditor', 'permission', 'window.open'),
  ('operator', 'runs the servers and decides requests', 'role', 'sysop', 'permission', 'approval.decide'),
  ('operator', 'flags transactions and reverses them', 'permission', 'transaction.flag', 'permission', 'transaction.reverse'),
  ('user', 'enters results and approves them', 'permission', 'fastresult.result.create', 'permission', 'fastresult.result.approve'),
  ('user', 'imports results and approves them', 'permission', 'fastresult.result.import', 'permission', 'fastresult.result.approve'),
  ('user', 'keeps the platform and runs a university', 'role', 'fastresult-system-admin', 'role', 'fastresult-university-admin'),
  ('user', 'creates users and changes accounts', 'permission', 'banking.user.create', 'permission', 'banking.account.edit'),
  ('user', 'works on tasks and assigns them', 'permission', 'handyconnect.task.edit', 'permission', 'handyconnect.assignment.manage');
CREATE TRIGGER demand_action BEFORE INSERT OR UPDATE OR DELETE ON ops.separation FOR EACH ROW EXECUTE FUNCTION ops.demand_action('separations.%');

-- What an operator who has this role, or got it, would break, together with the roles they hold. One role alone breaks nothing.
CREATE FUNCTION ops.operator_conflicts(of_operator bigint, with_role text) RETURNS text[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (WITH held AS (SELECT h.role FROM ops.operator_role h WHERE h.operator_id = of_operator AND (h.expires_at IS NULL OR h.expires_at > clock_timestamp()) UNION SELECT with_role),
    side AS (SELECT s.id, 'left' AS side, h.role FROM ops.separation s, held h
              WHERE s.realm = 'operator' AND (CASE s.left_kind WHEN 'role' THEN h.role = s.left_name ELSE EXISTS (SELECT FROM ops.role_permission p WHERE p.role = h.role AND p.permission = s.left_name) END)
             UNION ALL SELECT s.id, 'right', h.role FROM ops.separation s, held h
              WHERE s.realm = 'operator' AND (CASE s.right_kind WHEN 'role' THEN h.role = s.right_name ELSE EXISTS (SELECT FROM ops.role_permission p WHERE p.role = h.role AND p.permission = s.right_name) END))
    SELECT coalesce(array_agg(DISTINCT s.title ORDER BY s.title), '{}') FROM ops.separation s JOIN side a ON a.id = s.id AND a.side = 'left' JOIN side b ON b.id = s.id AND b.side = 'right'
     WHERE a.role <> b.role AND with_role IN (a.role, b.role)
       -- held by one role alone already, the other adds nothing
       AND NOT EXISTS (SELECT FROM side c JOIN side d ON d.id = c.id AND d.role = c.role AND d.side = 'right' WHERE c.id = s.id AND c.side = 'left'));
END $$;

-- The same of a user's roles on the platform.
CREATE FUNCTION platform.user_conflicts(of_user bigint, with_role bigint) RETURNS text[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Most people have one role, and one alone breaks nothing.
  IF NOT EXISTS (SELECT FROM platform.role_grant g WHERE g.user_id = of_user AND g.role_id <> with_role AND g.revoked_at IS NULL)
     AND NOT EXISTS (SELECT FROM bank."user" u JOIN platform.role r ON r.bank_role = u.role WHERE u.id = of_user AND r.id <> with_role) THEN
    RETURN '{}';
  END IF;
  RETURN (WITH held AS (SELECT g.role_id FROM platform.role_grant g WHERE g.user_id = of_user AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp())
                        UNION SELECT r.id FROM bank."user" u JOIN platform.role r ON r.bank_role = u.role WHERE u.id = of_user UNION SELECT with_role),
    has AS (SELECT h.role_id, 'role' AS kind, r.slug AS name FROM held h JOIN platform.role r ON r.id = h.role_id
            UNION ALL SELECT h.role_id, 'permission', p.codename FROM held h JOIN platform.role_permission rp ON rp.role_id = h.role_id JOIN platform.permission p ON p.id = rp.permission_id)
    SELECT coalesce(array_agg(DISTINCT s.title ORDER BY s.title), '{}') FROM ops.separation s
      JOIN has a ON a.kind = s.left_kind AND a.name = s.left_name JOIN has b ON b.kind = s.right_kind AND b.name = s.right_name
     WHERE s.realm = 'user' AND a.role_id <> b.role_id AND with_role IN (a.role_id, b.role_id)
       AND NOT EXISTS (SELECT FROM has c JOIN has d ON d.role_id = c.role_id AND d.kind = s.right_kind AND d.name = s.right_name WHERE c.kind = s.left_kind AND c.name = s.left_name));
END $$;

-- ── Access reviews ───────────────────────────────────────────────────────────────────────────────

-- Who had what when it was opened, and what was decided about it. Closed, its result is hashed; the hash stands in the audit log.
CREATE TABLE ops.access_review (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind        text NOT NULL CHECK (kind IN ('monthly', 'quarterly')),
  title       text NOT NULL CHECK (length(btrim(title)) BETWEEN 4 AND 120),
  opened_by   bigint NOT NULL REFERENCES ops.operator,
  opened_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  since       timestamptz(3) NOT NULL, -- changes after it are told: the last review of the kind, or a month or quarter ago
  context     jsonb NOT NULL DEFAULT '{}', -- changes and rules as they were when it was opened
  closed_by   bigint REFERENCES ops.operator,
  closed_at   timestamptz(3),
  items       integer NOT NULL DEFAULT 0,
  kept        integer NOT NULL DEFAULT 0,
  revoked     integer NOT NULL DEFAULT 0,
  result_hash bytea CHECK (octet_length(result_hash) = 32),
  version     integer NOT NULL DEFAULT 0,
  CONSTRAINT closed_whole CHECK (closed_at IS NULL OR (closed_by IS NOT NULL AND items = kept + revoked))
);
CREATE UNIQUE INDEX access_review_one_open_key ON ops.access_review (kind) WHERE closed_at IS NULL;
CREATE INDEX access_review_opened_at_id_idx ON ops.access_review (opened_at, id);

CREATE TABLE ops.access_review_item (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  review_id     bigint NOT NULL REFERENCES ops.access_review,
  source        text NOT NULL CHECK (source IN ('operator', 'grant', 'user')), -- an operator's role, a grant, a user's own role
  source_id     bigint NOT NULL, -- ops.role_grant, platform.role_grant, bank.user
  subject_kind  text NOT NULL CHECK (subject_kind IN ('operator', 'user')),
  subject_id    bigint NOT NULL,
  subject       text NOT NULL,
  role          text NOT NULL,
  sensitive     boolean NOT NULL,
  granted_at    timestamptz(3),
  granted_by    text,
  expires_at    timestamptz(3),
  last_used_at  timestamptz(3),
  last_login_at timestamptz(3),
  inactive_days integer NOT NULL CHECK (inactive_days >= 0),
  change        text, -- what became of it since the last review
  conflicts     text[] NOT NULL DEFAULT '{}',
  decision      text CHECK (decision IN ('keep', 'revoke')),
  note          text,
  decided_by    bigint REFERENCES ops.operator,
  decided_at    timestamptz(3),
  version       integer NOT NULL DEFAULT 0,
  UNIQUE (review_id, source, source_id),
  CONSTRAINT decided_whole CHECK (num_nonnulls(decision, note, decided_by, decided_at) IN (0, 4) AND (note IS NULL OR length(btrim(note)) >= 10))
);
CREATE INDEX access_review_item_review_id_id_idx ON ops.access_review_item (review_id, id);
CREATE INDEX access_review_item_subject_kind_subject_id_idx ON ops.access_review_item (subject_kind, subject_id);

CREATE FUNCTION ops.guard_access_review() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF tg_op = 'INSERT' THEN
    new.opened_by := (ops.require_action('reviews.open')).operator_id;
    new.opened_at := clock_timestamp(); new.closed_at := NULL; new.closed_by := NULL; new.result_hash := NULL;
    RETURN new;
  END IF;
  IF old.result_hash IS NOT NULL OR (new.kind, new.title, new.opened_by, new.opened_at, new.since) IS DISTINCT FROM (old.kind, old.title, old.opened_by, old.opened_at, old.since) THEN
    RAISE EXCEPTION 'a review stays as it was opened, and as it was closed' USING ERRCODE = 'BU010';
  END IF;
  IF (new.items, new.context) IS DISTINCT FROM (old.items, old.context) THEN PERFORM ops.require_action('reviews.open'); END IF;
  IF (new.closed_at, new.closed_by, new.kept, new.revoked, new.result_hash) IS DISTINCT FROM (old.closed_at, old.closed_by, old.kept, old.revoked, old.result_hash) THEN
    new.closed_by := (ops.require_action('reviews.close')).operator_id;
  END IF;
  new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.access_review FOR EACH ROW EXECUTE FUNCTION ops.guard_access_review();
CREATE TRIGGER keep BEFORE DELETE ON ops.access_review FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.access_review FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION ops.guard_access_review_item() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  loose text[] := '{decision,note,decided_by,decided_at,version}';
BEGIN
  IF tg_op = 'INSERT' THEN
    PERFORM ops.require_action('reviews.open');
    RETURN new;
  END IF;
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) OR old.decision = 'revoke' OR new.decision IS NULL THEN
    RAISE EXCEPTION 'what a review found stays as it was found' USING ERRCODE = 'BU010';
  END IF;
  run := ops.require_action('review-items.' || new.decision);
  IF EXISTS (SELECT FROM ops.access_review r WHERE r.id = old.review_id AND r.closed_at IS NOT NULL) THEN
    RAISE EXCEPTION 'review % is closed', old.review_id USING ERRCODE = 'BU007';
  END IF;
  IF (old.subject_kind = 'operator' AND old.subject_id = run.operator_id) OR (old.subject_kind = 'user' AND ops.is_oneself(old.subject_id)) THEN
    RAISE EXCEPTION 'nobody reviews their own access: somebody else decides it' USING ERRCODE = 'BU009';
  END IF;
  new.decided_by := run.operator_id; new.decided_at := clock_timestamp(); new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.access_review_item FOR EACH ROW EXECUTE FUNCTION ops.guard_access_review_item();
CREATE TRIGGER keep BEFORE DELETE ON ops.access_review_item FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.access_review_item FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION ops.days_since(at timestamptz) RETURNS integer LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN greatest(0, floor(extract(epoch FROM clock_timestamp() - at) / 86400))::integer;
END $$;

-- Everybody's access now, as a review asks about it. A monthly one leaves out the lower roles that nothing speaks
-- against: in use, no conflict, unchanged.
CREATE FUNCTION ops.access_now(kind text, since timestamptz)
RETURNS TABLE (source text, source_id bigint, subject_kind text, subject_id bigint, subject text, role text, sensitive boolean, granted_at timestamptz, granted_by text,
               expires_at timestamptz, last_used_at timestamptz, last_login_at timestamptz, inactive_days integer, change text, conflicts text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY
  WITH held AS (
    SELECT 'operator' AS source, n.id AS source_id, 'operator' AS subject_kind, o.id AS subject_id, o.name AS subject, h.role, r.rank <= 3 AS sensitive, r.rank AS level, h.granted_at,
           (SELECT b.name FROM ops.operator b WHERE b.id = h.granted_by) AS granted_by, h.expires_at, h.last_used_at,
           greatest((SELECT c.last_login_at FROM ops.operator_credential c WHERE c.operator_id = o.id), (SELECT max(s.started_at) FROM ops.operator_session s WHERE s.operator_id = o.id)) AS last_login_at,
           CASE WHEN h.granted_at > access_now.since THEN 'granted since the last review' END AS change, ops.operator_conflicts(o.id, h.role) AS conflicts
      FROM ops.operator_role h JOIN ops.operator o ON o.id = h.operator_id AND o.is_active JOIN ops.role r ON r.name = h.role
      JOIN ops.role_grant n ON n.operator_id = h.operator_id AND n.role = h.role AND n.ended_at IS NULL
     WHERE h.expires_at IS NULL OR h.expires_at > clock_timestamp()
    UNION ALL
    SELECT 'grant', g.id, 'user', u.id, u.username, r.slug || CASE WHEN g.tenant = '' THEN '' ELSE ' in ' || g.tenant END, r.level <= 3 OR r.is_module_admin, r.level, g.granted_at,
           (SELECT b.name FROM ops.operator b WHERE b.id = g.granted_by), g.expires_at, g.last_used_at, u.last_login_at,
           CASE WHEN g.granted_at > access_now.since THEN 'granted since the last review' END, platform.user_conflicts(u.id, r.id)
      FROM platform.role_grant g JOIN platform.role r ON r.id = g.role_id JOIN bank."user" u ON u.id = g.user_id
     WHERE g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp())
    UNION ALL
    SELECT 'user', u.id, 'user', u.id, u.username, u.role, br.rank <= 3, br.rank, coalesce(c.at, u.created_at),
           coalesce(c.operator, (SELECT b.name FROM ops.operator b WHERE b.id = u.created_by)), NULL, NULL, u.last_login_at,
           CASE WHEN c.at > access_now.since THEN format('%s from %s', CASE WHEN old_role.rank > br.rank THEN 'raised' ELSE 'lowered' END, c.old ->> 'role') END,
           coalesce(platform.user_conflicts(u.id, pr.id), '{}')
      FROM bank."user" u JOIN bank.role br ON br.name = u.role LEFT JOIN platform.role pr ON pr.bank_role = u.role
      LEFT JOIN LATERAL (SELECT a.at, a.operator, a.old FROM ops.audit a WHERE a.entity = 'user' AND a.entity_id = u.id::text AND a.action = 'users.change-role' AND a.outcome = 'success' ORDER BY a.seq DESC LIMIT 1) c ON true
      LEFT JOIN bank.role old_role ON old_role.name = c.old ->> 'role'
     WHERE u.role <> 'customer' AND u.status <> 'deactivated'
  ), judged AS (
    -- A grant that is not used is idle however often its holder signs in.
    SELECT h.*, ops.days_since(CASE WHEN h.source = 'grant' THEN coalesce(h.last_used_at, greatest(h.last_login_at, h.granted_at))
                                    ELSE coalesce(greatest(h.last_used_at, h.last_login_at), h.granted_at) END) AS inactive FROM held h
  )
  SELECT j.source, j.source_id, j.subject_kind, j.subject_id, j.subject, j.role, j.sensitive, j.granted_at, j.granted_by, j.expires_at, j.last_used_at, j.last_login_at, j.inactive, j.change, j.conflicts
    FROM judged j
   WHERE kind = 'quarterly' OR j.sensitive OR j.source = 'operator' OR j.conflicts <> '{}' OR j.change IS NOT NULL OR j.inactive >= 90 OR j.level <= 5
   ORDER BY j.conflicts = '{}', NOT j.sensitive, j.inactive DESC, j.subject_kind, j.subject, j.role;
END $$;

-- What changed about access since then, and the rules that hold now.
CREATE FUNCTION ops.access_context(kind text, since timestamptz) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN jsonb_build_object(
    'changes', (SELECT coalesce(jsonb_agg(jsonb_build_object('row', c.seq, 'at', ops.instant(c.at), 'operator', c.operator, 'action', c.action, 'record', coalesce(c.entity_label, c.entity_id), 'why', coalesce(c.note, c.reason)) ORDER BY c.seq), '[]')
                  FROM (SELECT * FROM ops.audit a WHERE a.at > since AND a.outcome = 'success' AND a.verb <> 'view'
                           AND (a.action IN ('users.change-role', 'users.grant-role', 'users.activate', 'users.deactivate', 'review-items.revoke') OR a.action LIKE ANY ('{operators.%,roles.%,grants.%}'))
                         ORDER BY a.seq DESC LIMIT 500) c),
    'separation', (SELECT jsonb_agg(s.title ORDER BY s.title) FROM ops.separation s),
    'two people', (SELECT coalesce(jsonb_agg(p.action ORDER BY p.action), '[]') FROM ops.action_permission p WHERE p.eyes = 2),
    'policies', (SELECT coalesce(jsonb_object_agg(s.key, s.value), '{}') FROM platform.setting s WHERE s.key ~ '^(password|lockout|session|security)'))
    || CASE WHEN kind = 'quarterly' THEN jsonb_build_object('permissions',
         (SELECT jsonb_object_agg(x.name, x.held) FROM (
            SELECT 'operator ' || r.name AS name, (SELECT coalesce(jsonb_agg(p.permission ORDER BY p.permission), '[]') FROM ops.role_permission p WHERE p.role = r.name) AS held FROM ops.role r
            UNION ALL SELECT r.slug, (SELECT coalesce(jsonb_agg(p.codename ORDER BY p.codename), '[]') FROM platform.role_permission rp JOIN platform.permission p ON p.id = rp.permission_id WHERE rp.role_id = r.id)
              FROM platform.role r WHERE r.is_active) x)) ELSE '{}' END;
END $$;

CREATE FUNCTION ops.instant(at timestamptz) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
END $$;

CREATE FUNCTION ops.open_review(kind text, title text) RETURNS ops.access_review LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  opened ops.access_review;
  -- The one before of this kind ended what is looked at; the first looks back over its period.
  from_when timestamptz := coalesce((SELECT max(r.closed_at) FROM ops.access_review r WHERE r.kind = open_review.kind),
    clock_timestamp() - CASE open_review.kind WHEN 'monthly' THEN interval '31 days' ELSE interval '92 days' END);
  found_items integer;
BEGIN
  PERFORM ops.require_action('reviews.open');
  INSERT INTO ops.access_review AS r (kind, title, since, opened_by) VALUES (open_review.kind, btrim(open_review.title), from_when, 0)
  ON CONFLICT DO NOTHING RETURNING r.* INTO opened;
  IF opened.id IS NULL THEN RAISE EXCEPTION 'a % review is open already: close it first', open_review.kind USING ERRCODE = 'BU007'; END IF;
  INSERT INTO ops.access_review_item (review_id, source, source_id, subject_kind, subject_id, subject, role, sensitive, granted_at, granted_by, expires_at, last_used_at, last_login_at, inactive_days, change, conflicts)
  SELECT opened.id, n.* FROM ops.access_now(open_review.kind, from_when) n;
  GET DIAGNOSTICS found_items = ROW_COUNT;
  UPDATE ops.access_review r SET items = found_items, context = ops.access_context(open_review.kind, from_when) WHERE r.id = opened.id RETURNING r.* INTO opened;
  RETURN opened;
END $$;

-- Keeps or takes away. A grant ends at once; an operator's role takes two people, and a user's own role is lowered by its
-- own action: those are told as open work until they are gone.
CREATE FUNCTION ops.decide_review_item(wanted bigint, decision text, note text, expected_version integer) RETURNS ops.access_review_item
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item ops.access_review_item;
BEGIN
  PERFORM ops.require_action('review-items.keep', 'review-items.revoke');
  -- Whoever closes waits for whoever decides, and the other way round.
  PERFORM FROM ops.access_review r WHERE r.id = (SELECT i.review_id FROM ops.access_review_item i WHERE i.id = wanted) FOR SHARE;
  SELECT * INTO item FROM ops.access_review_item i WHERE i.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no item % in a review', wanted USING ERRCODE = 'BU011'; END IF;
  IF item.version <> expected_version THEN RAISE EXCEPTION 'somebody decided it meanwhile' USING ERRCODE = 'BU005'; END IF;
  IF item.decision = decide_review_item.decision OR item.decision = 'revoke' THEN RAISE EXCEPTION 'it was decided already: %', item.decision USING ERRCODE = 'BU007'; END IF;
  UPDATE ops.access_review_item i SET decision = decide_review_item.decision, note = decide_review_item.note, decided_by = 0, decided_at = clock_timestamp() WHERE i.id = wanted RETURNING i.* INTO item;
  IF decide_review_item.decision = 'revoke' AND item.source = 'grant' AND EXISTS (SELECT FROM platform.role_grant g WHERE g.id = item.source_id AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp())) THEN
    PERFORM platform.revoke_grant(item.source_id);
  END IF;
  RETURN item;
END $$;

-- Whether what was to be revoked is still there.
CREATE FUNCTION ops.still_held(item ops.access_review_item) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN CASE item.source
    WHEN 'operator' THEN EXISTS (SELECT FROM ops.role_grant g JOIN ops.operator o ON o.id = g.operator_id WHERE g.id = item.source_id AND g.ended_at IS NULL AND o.is_active AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp()))
    WHEN 'grant' THEN EXISTS (SELECT FROM platform.role_grant g WHERE g.id = item.source_id AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp()))
    ELSE EXISTS (SELECT FROM bank."user" u WHERE u.id = item.source_id AND u.role = item.role AND u.status <> 'deactivated') END;
END $$;

-- The result of a review, always the same text for the same rows: what is hashed and signed.
CREATE FUNCTION ops.review_document(wanted bigint) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT jsonb_pretty(jsonb_build_object(
    'review', jsonb_build_object('number', r.id, 'kind', r.kind, 'title', r.title, 'since', ops.instant(r.since), 'opened', ops.instant(r.opened_at), 'opened by', o.name,
                                 'closed', ops.instant(r.closed_at), 'closed by', c.name, 'items', r.items, 'kept', r.kept, 'revoked', r.revoked),
    'context', r.context,
    'items', (SELECT coalesce(jsonb_agg(jsonb_build_object('item', i.id, 'kind', i.subject_kind, 'who', i.subject, 'id', i.subject_id, 'source', i.source, 'role', i.role, 'sensitive', i.sensitive,
                'granted', ops.instant(i.granted_at), 'granted by', i.granted_by, 'expires', ops.instant(i.expires_at), 'last used', ops.instant(i.last_used_at), 'last login', ops.instant(i.last_login_at),
                'inactive days', i.inactive_days, 'change', i.change, 'conflicts', to_jsonb(i.conflicts), 'decision', i.decision, 'note', i.note,
                'decided by', (SELECT d.name FROM ops.operator d WHERE d.id = i.decided_by), 'decided', ops.instant(i.decided_at)) ORDER BY i.id), '[]')
                FROM ops.access_review_item i WHERE i.review_id = r.id)))
    FROM ops.access_review r JOIN ops.operator o ON o.id = r.opened_by LEFT JOIN ops.operator c ON c.id = r.closed_by WHERE r.id = wanted);
END $$;

CREATE FUNCTION ops.close_review(wanted bigint, expected_version integer) RETURNS ops.access_review LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.access_review;
  undecided integer;
BEGIN
  PERFORM ops.require_action('reviews.close');
  SELECT * INTO taken FROM ops.access_review r WHERE r.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no review %', wanted USING ERRCODE = 'BU011'; END IF;
  IF taken.closed_at IS NOT NULL THEN RAISE EXCEPTION 'review % is closed already', wanted USING ERRCODE = 'BU007'; END IF;
  IF taken.version <> expected_version THEN RAISE EXCEPTION 'review % changed meanwhile', wanted USING ERRCODE = 'BU005'; END IF;
  SELECT count(*) INTO undecided FROM ops.access_review_item i WHERE i.review_id = wanted AND i.decision IS NULL;
  IF undecided > 0 THEN RAISE EXCEPTION '% of % items of review % are not decided yet', undecided, taken.items, wanted USING ERRCODE = 'BU007'; END IF;
  UPDATE ops.access_review r SET closed_at = clock_timestamp(), closed_by = 0, kept = (SELECT count(*) FROM ops.access_review_item i WHERE i.review_id = wanted AND i.decision = 'keep'),
         revoked = (SELECT count(*) FROM ops.access_review_item i WHERE i.review_id = wanted AND i.decision = 'revoke') WHERE r.id = wanted;
  UPDATE ops.access_review r SET result_hash = sha256(convert_to(ops.review_document(wanted), 'UTF8')) WHERE r.id = wanted RETURNING r.* INTO taken;
  RETURN taken;
END $$;

-- ── Who may do it ────────────────────────────────────────────────────────────────────────────────

INSERT INTO ops.role_permission (role, permission)
SELECT r, p FROM unnest(ARRAY['admin', 'manager', 'auditor']) r, unnest(ARRAY['role.read', 'grant.read', 'review.read']) p;
INSERT INTO ops.role_permission (role, permission) VALUES
  ('support', 'role.read'), ('support', 'grant.read'), ('admin', 'role.edit'), ('admin', 'grant.edit'), ('admin', 'user.change-role'), ('admin', 'review.decide'), ('manager', 'review.decide');

INSERT INTO ops.action_permission (action, permission, checker, needs_code) VALUES
  ('roles.create', 'role.edit', NULL, false), ('roles.edit', 'role.edit', NULL, false), ('roles.set-permissions', 'role.edit', 'access.decide', true),
  ('roles.retire', 'role.edit', NULL, false), ('roles.restore', 'role.edit', 'access.decide', false),
  ('users.grant-role', 'grant.edit', 'access.decide', true), ('grants.grant', 'grant.edit', 'access.decide', true), ('grants.revoke', 'grant.edit', NULL, false),
  ('users.change-role', 'user.change-role', 'access.decide', true),
  ('reviews.open', 'review.decide', NULL, false), ('reviews.close', 'review.decide', NULL, false),
  ('review-items.keep', 'review.decide', NULL, false), ('review-items.revoke', 'review.decide', NULL, false);

REVOKE EXECUTE ON FUNCTION platform.take_role FROM PUBLIC;
