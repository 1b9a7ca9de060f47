import type { Database } from 'better-sqlite3';
import { TaskAdditions } from './task-additions.js';
import { TaskChanges } from './task-changes.js';
import { TaskClaims } from './task-claims.js';
import { TaskEdges } from './task-edges.js';
import { TaskEdits } from './task-edits.js';
import { TaskQueries } from './task-queries.js';

/** The tasks on record. Readiness is a count in each row, kept in the transaction that changes it. */
export class TaskTables {
  readonly additions: TaskAdditions;
  readonly claims: TaskClaims;
  readonly edges: TaskEdges;
  readonly changes: TaskChanges;
  readonly edits: TaskEdits;
  readonly queries: TaskQueries;

  constructor(database: Database) {
    this.additions = new TaskAdditions(database);
    this.claims = new TaskClaims(database);
    this.edges = new TaskEdges(database);
    this.changes = new TaskChanges(database);
    this.edits = new TaskEdits(database);
    this.queries = new TaskQueries(database);
  }
}
