/**
 * The migrations of the directory's tables. A released migration is never changed; a new one is added after it.
 *
 * MySQL commits at every schema statement. A migration that was interrupted there begins again: schema statements that were done are
 * passed over, and every other statement must be harmless when it is repeated.
 */
import type { Knex } from 'knex';
import { wordMax } from '../../domain/name-words.ts';
import { externalIdOf, externalSubjectMax } from '../../domain/user.ts';
import { insertWords } from './sql-user-store.ts';

interface Migration {
  readonly name: string;
  up(knex: Knex): Promise<void>;
}

const migrations: readonly Migration[] = [
  {
    name: '0001-directory',
    async up(knex) {
      await knex.schema.createTable('users', (table) => {
        table.bigInteger('id').notNullable().primary();
        table.string('username', 64).notNullable();
        table.string('username_key', 64).notNullable().unique();
        table.string('display_name', 255).notNullable();
        table.bigInteger('created_at').notNullable();
        // Not in a separate table, so that creating a user is one statement and needs no transaction.
        table.string('password_hash', 255);
        table.string('external_subject', externalSubjectMax).unique();
      });
      await knex.schema.createTable('devices', (table) => {
        table.bigInteger('id').notNullable().primary();
        table.bigInteger('user_id').notNullable().index();
        table.string('name', 255);
        table.bigInteger('created_at').notNullable();
        table.bigInteger('revoked_at');
        table.string('session_id', 64);
      });
      await knex.schema.createTable('refresh_tokens', (table) => {
        table.string('hash', 64).notNullable().primary();
        table.bigInteger('user_id').notNullable();
        table.bigInteger('device_id').notNullable().index();
        table.string('family_id', 64).notNullable();
        table.bigInteger('expires_at').notNullable().index();
        table.bigInteger('used_at');
      });
      await knex.schema.createTable('conversations', (table) => {
        table.bigInteger('id').notNullable().primary();
        table.string('kind', 16).notNullable();
        table.string('title', 255);
        table.bigInteger('created_at').notNullable();
        table.string('first_month', 7).notNullable();
        table.string('direct_key', 48).unique();
      });
      await knex.schema.createTable('members', (table) => {
        table.bigInteger('conversation_id').notNullable();
        table.bigInteger('user_id').notNullable().index();
        table.string('role', 16).notNullable();
        table.bigInteger('joined_seq').notNullable();
        table.bigInteger('left_seq');
        table.primary(['conversation_id', 'user_id']);
      });
      await knex.schema.createTable('membership_changes', (table) => {
        table.bigInteger('id').notNullable().primary();
        table.bigInteger('conversation_id').notNullable();
        table.bigInteger('actor_id').notNullable();
        table.text('event', 'mediumtext').notNullable();
        table.bigInteger('at').notNullable();
      });
    },
  },
  {
    name: '0002-earlier-stays',
    async up(knex) {
      await knex.schema.createTable('earlier_stays', (table) => {
        table.bigInteger('conversation_id').notNullable();
        table.bigInteger('user_id').notNullable();
        table.string('role', 16).notNullable();
        table.bigInteger('joined_seq').notNullable();
        table.bigInteger('left_seq').notNullable();
        table.primary(['conversation_id', 'user_id', 'joined_seq']);
      });
    },
  },
  {
    name: '0003-sessions',
    async up(knex) {
      await knex.schema.alterTable('users', (table) => {
        table.bigInteger('disabled_at');
        table.bigInteger('signed_out_at');
      });
      await knex.schema.alterTable('devices', (table) => {
        table.bigInteger('used_at').notNullable().defaultTo(0).index();
        table.string('refresh_secret', 64);
        table.bigInteger('started_at');
        table.bigInteger('generation');
        table.bigInteger('rotated_at');
        table.bigInteger('expires_at');
      });
      // When a device was last used was not recorded: its time begins now.
      await knex('devices').update({ used_at: Date.now() });
      // Tokens were kept one by one, the used ones too. Now the device says which one is the latest.
      await knex.schema.dropTable('refresh_tokens');
    },
  },
  {
    name: '0004-membership-indexes',
    async up(knex) {
      await knex.schema.alterTable('conversations', (table) => {
        table.bigInteger('version').notNullable().defaultTo(0);
        table.integer('member_count').notNullable().defaultTo(0);
        table.integer('is_large').notNullable().defaultTo(0);
        table.bigInteger('mode_since').notNullable().defaultTo(0);
      });
      await knex.schema.alterTable('members', (table) => {
        table.integer('on_read').notNullable().defaultTo(0);
        table.integer('has_sent').notNullable().defaultTo(0);
        table.bigInteger('contact_id');
        table.index(['conversation_id', 'left_seq', 'user_id']);
        table.index(['conversation_id', 'left_seq', 'role', 'joined_seq', 'user_id']);
        table.index(['user_id', 'on_read', 'conversation_id']);
        table.index(['user_id', 'contact_id']);
        table.dropIndex('user_id');
      });
      await knex.schema.alterTable('earlier_stays', (table) => {
        table.index(['conversation_id', 'left_seq']);
      });
      const groups = knex('conversations').where({ kind: 'GROUP' });
      const membersOf = () => knex('members').whereRaw('members.conversation_id = conversations.id');
      await groups.clone().update({
        version: knex.raw('coalesce(?, 0)', [membersOf().select(knex.raw('max(coalesce(left_seq, joined_seq + 1))'))]),
        member_count: membersOf().whereNull('left_seq').count() as never,
      });
      // The mode of a group was not recorded so far. The mark on all memberships makes each user's next sync add the messages
      // that a large group left to it.
      await groups.clone().where('member_count', '>', 100).update({ is_large: 1 });
      await knex('members').whereIn('conversation_id', groups.clone().select('id')).update({ on_read: 1 });
    },
  },
  {
    name: '0005-operator-control',
    async up(knex) {
      await knex.schema.alterTable('users', (table) => {
        // Set while the password is a reset secret.
        table.bigInteger('reset_expires_at');
      });
      await knex.schema.createTable('session_endings', (table) => {
        table.increments('seq');
        table.bigInteger('user_id');
        table.bigInteger('at').notNullable();
      });
    },
  },
  {
    name: '0006-profiles',
    async up(knex) {
      await knex.schema.alterTable('users', (table) => {
        table.string('avatar_url', 2_048);
        table.string('external_id', externalSubjectMax).index();
      });
      // Words of names, for the search by their beginning.
      await knex.schema.createTable('user_words', (table) => {
        table.string('word', wordMax).notNullable();
        table.bigInteger('user_id').notNullable();
        table.primary(['word', 'user_id']);
        table.index(['user_id', 'word']);
      });
      const columns = ['id', 'username', 'display_name', 'external_subject'];
      for (let after = '0'; ; ) {
        const users = (await knex('users')
          .select(columns)
          .where('id', '>', after)
          .orderBy('id')
          .limit(1_000)) as Record<string, unknown>[];
        if (users.length === 0) return;
        for (const { id, username, display_name, external_subject } of users) {
          await insertWords(knex, {
            id: String(id),
            username: username as string,
            displayName: display_name as string,
          });
          const externalId = externalIdOf((external_subject as string | null) ?? null);
          if (externalId !== null)
            await knex('users')
              .where({ id: String(id) })
              .update({ external_id: externalId });
        }
        after = String(users.at(-1)?.id);
      }
    },
  },
  {
    name: '0007-open-changes',
    async up(knex) {
      // The oldest open change of a conversation stays. The callers of the others got errors; those that are in the log are settled
      // from there.
      const oldest = knex('membership_changes').groupBy('conversation_id').min('id');
      const ids = (await oldest).map((row) => Object.values(row)[0] as string);
      await knex('membership_changes').whereNotIn('id', ids).delete();
      await knex.schema.alterTable('membership_changes', (table) => {
        table.bigInteger('claimed_until').notNullable().defaultTo(0);
        table.unique(['conversation_id']);
        table.index(['claimed_until', 'id']);
      });
      await knex.schema.alterTable('conversations', (table) => {
        table.bigInteger('creator_id');
        table.string('client_group_id', 128);
        table.unique(['creator_id', 'client_group_id']);
      });
    },
  },
  {
    name: '0008-group-profiles',
    async up(knex) {
      await knex.schema.alterTable('conversations', (table) => {
        table.text('description');
        table.string('avatar_url', 2_048);
      });
    },
  },
  {
    name: '0009-titles-at-departures',
    async up(knex) {
      await knex.schema.alterTable('members', (table) => {
        table.string('left_title', 255);
      });
      // Nobody knows the titles of earlier departures any more.
      const title = knex('conversations').select('title').whereRaw('conversations.id = members.conversation_id');
      await knex('members')
        .whereNotNull('left_seq')
        .update({ left_title: title as never });
    },
  },
];

/** Migrations are modules instead of files in a folder, so that the compiler checks them. */
export const migrationSource: Knex.MigrationSource<Migration> = {
  getMigrations: async () => [...migrations],
  getMigrationName: ({ name }) => name,
  getMigration: async ({ up }) => ({
    up,
    down: async () => {
      throw new Error('Migrations cannot be reverted; restore a backup.');
    },
  }),
};

/** @returns the names of the migrations that the database does not have yet */
export async function listPending(knex: Knex): Promise<string[]> {
  const [, pending] = (await knex.migrate.list({ migrationSource })) as [unknown[], Migration[]];
  return pending.map(({ name }) => name);
}

/** @returns the migrations of a newer version, from knex's message about applied migrations that are not in the list */
export function unknownMigrationOf(message: string): string | null {
  return /migration directory is corrupt.*missing: (.*)/.exec(message)?.[1] ?? null;
}
