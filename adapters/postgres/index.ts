export type { DatabaseFigures } from './database.ts'
export type { DatabaseFacts } from './database-facts.ts'
export { openPostgres, type PostgresOptions, type PostgresStores } from './open-postgres.ts'
export { SchemaTooNew } from './schema/migrate.ts'
export type { SharedText } from './secrets.ts'
export {
  type SqlDriver,
  type SqlQuery,
  type SqlRow,
  type SqlValue,
  sqlText,
} from './sql-driver.ts'
