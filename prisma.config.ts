import { defineConfig } from 'prisma/config';

/** For Prisma's own command line only; Bursar itself is told its database by `DATABASE_URL` or opens the embedded one. */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? 'postgresql://localhost/bursar' },
});
