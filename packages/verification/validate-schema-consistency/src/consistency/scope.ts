/**
 * The condition on a namespace `n`: not the server's, not an extension's, not that of the state tables (`$1`), and one of `$2` when that is given.
 */
export const looksAt = `
  n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> $1 AND ($2::text[] IS NULL OR n.nspname = ANY ($2))
  AND NOT (EXISTS (SELECT FROM pg_roles WHERE rolname = 'supabase_admin') AND pg_get_userbyid(n.nspowner) LIKE 'supabase%')
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_namespace'::regclass AND e.objid = n.oid AND e.deptype = 'e')`;
