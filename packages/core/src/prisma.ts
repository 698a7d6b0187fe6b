export {
  type PrismaStore,
  type PrismaStoreOptions,
  type PrismaValue,
  type PrismaValueDelegate,
  prismaStore,
} from './prisma-store.ts';
