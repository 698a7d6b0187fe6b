import type { Balance, Blacklist, Tags, Webhooks } from './account.ts';
import type { AddressBooks, Emails } from './address-books.ts';
import type { Automation } from './automation.ts';
import { base64Of, campaign, emailsInBase64, letter, only, withConfirmation } from './bodies.ts';
import { type Campaigns, campaignSchema, type Senders, type Templates } from './campaigns.ts';
import { chatbotOperations } from './chatbot-operations.ts';
import { limits } from './limits.ts';
import { type AreaTable, once, pages, read, state } from './operation.ts';
import { type Push, pushSchema } from './push.ts';
import { type Sms, smsSchema } from './sms.ts';
import { letterIdsSchema, letterSchema, type Smtp } from './smtp.ts';
import type { Verifier } from './verifier.ts';
import { type ViberCampaigns, viberSchema } from './viber-campaigns.ts';

const emails = { field: 'emails', most: limits.emails } as const;
const data = { take: ['data'] } as const;
const first = { take: ['0'] } as const;

/**
 * Every method of the API that the client has: `read` and `state` may be repeated, what is `once` never is, because SendPulse
 * knows no idempotency keys.
 * @see https://sendpulse.com/integrations/api
 */
export const operations = {
  oauth: {
    // A second token harms nobody.
    accessToken: { method: 'POST', path: '/oauth/access_token', idempotent: true },
  },
  addressBooks: {
    create: once('POST', '/addressbooks', { needsAnswer: true }),
    list: pages('/addressbooks'),
    get: read('/addressbooks/{id}', first),
    update: state('PUT', '/addressbooks/{id}'),
    delete: state('DELETE', '/addressbooks/{id}'),
    variables: read('/addressbooks/{id}/variables'),
    emails: pages('/addressbooks/{id}/emails'),
    emailsByVariable: read('/addressbooks/{id}/variables/{name}/{value}'),
    total: read('/addressbooks/{id}/emails/total'),
    getEmail: read('/addressbooks/{id}/emails/{email}'),
    // Who is there already keeps his place and gets the same variables.
    addEmails: state('POST', '/addressbooks/{id}/emails', { batch: emails }),
    inviteEmails: once('POST', '/addressbooks/{id}/emails', { batch: emails, body: withConfirmation }),
    removeEmails: state('DELETE', '/addressbooks/{id}/emails', { batch: emails }),
    unsubscribeEmails: state('POST', '/addressbooks/{id}/emails/unsubscribe', { batch: emails }),
    setVariables: state('POST', '/addressbooks/{id}/emails/variable'),
    setPhone: state('PUT', '/addressbooks/{id}/phone'),
    cost: read('/addressbooks/{id}/cost'),
    campaigns: pages('/addressbooks/{id}/campaigns'),
  } satisfies AreaTable<AddressBooks>,
  emails: {
    get: read('/emails/{email}'),
    getMany: state('POST', '/emails', { needsAnswer: true }),
    details: read('/emails/{email}/details'),
    campaigns: read('/emails/{email}/campaigns'),
    campaignsOfMany: state('POST', '/emails/campaigns', { needsAnswer: true }),
    delete: state('DELETE', '/emails/{email}'),
  } satisfies AreaTable<Emails>,
  blacklist: {
    list: read('/blacklist'),
    add: state('POST', '/blacklist', { batch: emails, body: emailsInBase64 }),
    remove: state('DELETE', '/blacklist', { batch: emails, body: emailsInBase64 }),
  } satisfies AreaTable<Blacklist>,
  campaigns: {
    create: once('POST', '/campaigns', { needsAnswer: true, body: campaign, schema: campaignSchema }),
    list: pages('/campaigns'),
    get: read('/campaigns/{id}'),
    update: state('PATCH', '/campaigns/{id}'),
    cancel: state('DELETE', '/campaigns/{id}'),
    countries: read('/campaigns/{id}/countries'),
    referrals: read('/campaigns/{id}/referrals'),
    email: read('/campaigns/{id}/email/{email}'),
  } satisfies AreaTable<Campaigns>,
  templates: {
    create: once('POST', '/template', { needsAnswer: true, body: base64Of('body') }),
    update: state('POST', '/template/edit/{id}', { body: base64Of('body') }),
    get: read('/template/{id}'),
    getBySlug: read('/template/slug/{slug}'),
    list: pages('/templates'),
  } satisfies AreaTable<Templates>,
  senders: {
    list: read('/senders'),
    add: once('POST', '/senders'),
    delete: state('DELETE', '/senders'),
    // A GET that writes a letter.
    requestCode: once('GET', '/senders/{email}/code'),
    activate: once('POST', '/senders/{email}/code'),
  } satisfies AreaTable<Senders>,
  tags: {
    list: read('/tags', { take: ['tags'] }),
    create: once('POST', '/tags'),
    update: state('PUT', '/tags/{id}'),
    delete: state('DELETE', '/tags/{id}'),
    pinEmail: state('POST', '/tags/pin/email'),
    unpinEmail: state('POST', '/tags/unpin/email'),
    pinPhone: state('POST', '/tags/pin/phone'),
    unpinPhone: state('POST', '/tags/unpin/phone'),
  } satisfies AreaTable<Tags>,
  webhooks: {
    list: read('/v2/email-service/webhook', data),
    create: once('POST', '/v2/email-service/webhook', { ...data, needsAnswer: true }),
    get: read('/v2/email-service/webhook/{id}', data),
    update: state('PUT', '/v2/email-service/webhook/{id}'),
    delete: state('DELETE', '/v2/email-service/webhook/{id}'),
  } satisfies AreaTable<Webhooks>,
  balance: {
    get: read('/balance'),
    getIn: read('/balance/{currency}'),
    details: read('/user/balance/detail'),
  } satisfies AreaTable<Balance>,
  smtp: {
    send: once('POST', '/smtp/emails', { needsAnswer: true, body: letter, schema: letterSchema }),
    list: pages('/smtp/emails'),
    total: read('/smtp/emails/total'),
    get: read('/smtp/emails/{id}'),
    info: state('POST', '/smtp/emails/info', { needsAnswer: true, schema: letterIdsSchema }),
    bounces: pages('/smtp/bounces/day', { take: ['emails'] }),
    bouncesTotal: read('/smtp/bounces/day/total'),
    unsubscribe: state('POST', '/smtp/unsubscribe', { body: only('emails') }),
    removeUnsubscribed: state('DELETE', '/smtp/unsubscribe', { body: only('emails') }),
    unsubscribed: pages('/smtp/unsubscribe'),
    isUnsubscribed: read('/smtp/unsubscribe/search'),
    resubscribe: once('POST', '/smtp/resubscribe'),
    ips: read('/smtp/ips'),
    senders: read('/smtp/senders'),
    domains: read('/v2/email-service/smtp/sender_domains', { take: ['data', 'data'] }),
    addDomain: once('POST', '/v2/email-service/smtp/sender_domains/{domain}'),
  } satisfies AreaTable<Smtp>,
  automation: {
    sendEvent: once('POST', '/events/name/{event}'),
    list: pages('/a360/autoresponders/list', data),
    get: read('/a360/autoresponders/{id}'),
    totalStats: read('/a360/autoresponders/{id}/total-stats'),
    conversions: read('/a360/autoresponders/{id}/conversions'),
    blockStats: read('/a360/stats/{block}/{id}/group-stat'),
    deleteEventLog: once('POST', '/a360/events/delete-log'),
  } satisfies AreaTable<Automation>,
  sms: {
    addPhones: state('POST', '/sms/numbers'),
    addPhonesWithVariables: state('POST', '/sms/numbers/variables'),
    setVariables: state('PUT', '/sms/numbers'),
    setPhoneVariables: state('POST', '/addressbooks/{id}/phones/variable'),
    removePhones: state('DELETE', '/sms/numbers'),
    getPhone: read('/sms/numbers/info/{addressBookId}/{phone}', first),
    addToBlacklist: state('POST', '/sms/black_list'),
    removeFromBlacklist: state('DELETE', '/sms/black_list'),
    blacklist: read('/sms/black_list', data),
    findInBlacklist: read('/sms/black_list/by_numbers', data),
    createCampaign: once('POST', '/sms/campaigns', {
      needsAnswer: true,
      schema: smsSchema.omit({ phones: true }),
    }),
    send: once('POST', '/sms/send', { needsAnswer: true, schema: smsSchema }),
    campaigns: read('/sms/campaigns/list', data),
    getCampaign: read('/sms/campaigns/info/{id}', first),
    cancelCampaign: state('PUT', '/sms/campaigns/cancel/{id}'),
    deleteCampaign: state('DELETE', '/sms/campaigns'),
    cost: read('/sms/campaigns/cost', data),
    senders: read('/sms/senders'),
  } satisfies AreaTable<Sms>,
  viber: {
    create: once('POST', '/viber', { needsAnswer: true, schema: viberSchema }),
    update: state('POST', '/viber/update'),
    list: pages('/viber/task'),
    get: read('/viber/task/{id}'),
    recipients: read('/viber/task/{id}/recipients', { take: ['recipients'] }),
    senders: read('/viber/senders'),
    getSender: read('/viber/senders/{id}'),
    exceptions: pages('/v2/viber-service/phone-exception', data),
    addExceptions: state('POST', '/v2/viber-service/phone-exception'),
    removeExceptions: state('DELETE', '/v2/viber-service/phone-exception'),
  } satisfies AreaTable<ViberCampaigns>,
  push: {
    create: once('POST', '/push/tasks', { needsAnswer: true, schema: pushSchema }),
    list: pages('/push/tasks'),
    get: read('/push/tasks/{id}'),
    websites: pages('/push/websites'),
    websitesTotal: read('/push/websites/total'),
    getWebsite: read('/push/websites/info/{id}'),
    variables: read('/push/websites/{id}/variables'),
    subscriptions: pages('/push/websites/{id}/subscriptions'),
    subscriptionsTotal: read('/push/websites/{id}/subscriptions/total'),
    code: read('/push/websites/{id}/code'),
    setSubscriptionState: state('POST', '/push/subscriptions/state'),
  } satisfies AreaTable<Push>,
  verifier: {
    checkBook: once('POST', '/verifier-service/send-list-to-verify'),
    progress: read('/verifier-service/get-progress', data),
    results: read('/verifier-service/check'),
    books: read('/verifier-service/check-list'),
    checkEmail: once('POST', '/verifier-service/send-single-to-verify'),
    emailResult: read('/verifier-service/get-single-result', data),
    makeReport: state('POST', '/verifier-service/make-report'),
    report: read('/verifier-service/check-report'),
    downloadReport: read('/verifier-service/get-report'),
  } satisfies AreaTable<Verifier>,
  chatbots: chatbotOperations,
} as const;
