export type {
  BullmqClasses,
  BullmqConnected,
  BullmqJob,
  BullmqQueueObject,
  BullmqSettings,
  BullmqWorkerObject,
  BullmqWorkerSettings,
} from './bullmq-classes.ts';
export { type BullmqQueue, type BullmqQueueOptions, bullmqQueue } from './bullmq-queue.ts';
