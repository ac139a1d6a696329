/** The tools whose history can be adopted. */
export const foreignToolNames = ["supabase", "golang-migrate", "dbmate", "sqlx", "diesel", "flyway", "prisma", "postgres-migrations"] as const;

export type ForeignToolName = (typeof foreignToolNames)[number];
