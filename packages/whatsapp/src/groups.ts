import type { CallOptions } from '@cartie/core';
import { type CallPath, dataOf } from './call.ts';
import { invalid } from './invalid.ts';
import { groupLimits } from './limits.ts';
import { pages } from './pages.ts';
import type { Done, ListOptions } from './types.ts';

/** A group to make. */
export interface NewGroup {
  /** At most 128 characters. */
  subject: string;
  /** At most 2,048 characters. */
  description?: string;
  /** @default Meta's: `auto_approve` */
  join_approval_mode?: 'approval_required' | 'auto_approve';
}

/** A group at Meta. */
export interface StoredGroup {
  id: string;
  subject?: string;
  description?: string;
  join_approval_mode?: string;
  suspended?: boolean;
  created_at?: string;
  creation_timestamp?: number;
  participants?: { wa_id?: string; user_id?: string }[];
  total_participant_count?: number;
}

/** Somebody who wants to join. */
export interface JoinRequest {
  join_request_id: string;
  wa_id?: string;
  user_id?: string;
  creation_timestamp?: number;
}

/** What became of join requests. */
export interface JoinDecision {
  approved_join_requests?: string[];
  rejected_join_requests?: string[];
  failed_join_requests?: { join_request_id: string; errors?: { code: number; message?: string }[] }[];
}

/** Groups of the number; messages go to one by its id as `to`, with `recipient_type: 'group'`. @see https://developers.facebook.com/documentation/business-messaging/whatsapp/groups */
export interface Groups {
  /** Asks for a group. Its id comes by webhook (kind `group`), with the same `request_id`. Never repeated. */
  create(group: NewGroup, options?: CallOptions): Promise<{ request_id: string }>;
  list(options?: ListOptions): AsyncGenerator<StoredGroup, void, undefined>;
  get(id: string, options?: CallOptions & { fields?: string }): Promise<StoredGroup>;
  update(
    id: string,
    change: Partial<Pick<NewGroup, 'subject' | 'description'>>,
    options?: CallOptions,
  ): Promise<Done>;
  delete(id: string, options?: CallOptions): Promise<Done>;
  /** A link by which people join. Never repeated, since a new link ends the one before. */
  createInviteLink(id: string, options?: CallOptions): Promise<{ invite_link: string }>;
  deleteInviteLink(id: string, options?: CallOptions): Promise<Done>;
  joinRequests(id: string, options?: ListOptions): AsyncGenerator<JoinRequest, void, undefined>;
  approve(id: string, joinRequestIds: readonly string[], options?: CallOptions): Promise<JoinDecision>;
  reject(id: string, joinRequestIds: readonly string[], options?: CallOptions): Promise<JoinDecision>;
  addParticipants(id: string, users: readonly string[], options?: CallOptions): Promise<Done>;
  removeParticipants(id: string, users: readonly string[], options?: CallOptions): Promise<Done>;
}

const fields =
  'id,subject,description,join_approval_mode,suspended,creation_timestamp,participants,total_participant_count';
const messaging_product = 'whatsapp';

/** Builds the methods for groups. */
export function createGroups({ call }: CallPath): Groups {
  const decide =
    (operation: 'approveJoinRequests' | 'rejectJoinRequests'): Groups['approve'] =>
    async (id, joinRequestIds, options) =>
      dataOf(
        call(
          operation,
          {
            id,
            json: { messaging_product, join_requests: named(operation, 'joinRequestIds', joinRequestIds) },
          },
          options,
        ),
      );
  const change =
    (operation: 'addParticipants' | 'removeParticipants'): Groups['addParticipants'] =>
    async (id, users, options) => {
      const participants = named(operation, 'users', users).map((user) => ({ user }));
      return dataOf(call(operation, { id, json: { messaging_product, participants } }, options));
    };
  return {
    async create(group, options) {
      if (typeof group.subject !== 'string' || group.subject === '')
        throw invalid('createGroup', 'subject', 'must be given');
      checkTexts('createGroup', group);
      return dataOf(call('createGroup', { json: { messaging_product, ...group } }, options));
    },
    list: (options) => pages(call, 'listGroups', options),
    get: (id, { fields: wanted = fields, ...options } = {}) =>
      dataOf(call('getGroup', { id, query: { fields: wanted } }, options)),
    async update(id, given, options) {
      checkTexts('updateGroup', given);
      return dataOf(call('updateGroup', { id, json: { messaging_product, ...given } }, options));
    },
    delete: (id, options) => dataOf(call('deleteGroup', { id }, options)),
    createInviteLink: (id, options) =>
      dataOf(call('createInviteLink', { id, json: { messaging_product } }, options)),
    deleteInviteLink: (id, options) =>
      dataOf(call('deleteInviteLink', { id, json: { messaging_product } }, options)),
    joinRequests: (id, options) => pages(call, 'listJoinRequests', { ...options, id }),
    approve: decide('approveJoinRequests'),
    reject: decide('rejectJoinRequests'),
    addParticipants: change('addParticipants'),
    removeParticipants: change('removeParticipants'),
  };
}

function checkTexts(operation: string, group: Partial<NewGroup>): void {
  for (const [field, max] of Object.entries(groupLimits)) {
    const value = group[field as keyof typeof groupLimits];
    if (value !== undefined && value.length > max)
      throw invalid(operation, field, `must be at most ${max} characters long`);
  }
}

function named(operation: string, field: string, values: readonly string[]): readonly string[] {
  if (!Array.isArray(values) || values.length === 0)
    throw invalid(operation, field, 'must name at least one');
  return values;
}
