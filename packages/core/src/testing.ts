export type { ContractCheck } from './contract-check.ts';
export { type ContractWorker, type JobQueueContractOptions, jobQueueContract } from './job-queue-contract.ts';
export { type KeyValueStoreContractOptions, keyValueStoreContract } from './key-value-store-contract.ts';
