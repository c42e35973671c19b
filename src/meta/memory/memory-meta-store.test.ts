import { describeMetaStoreContract } from '../meta-store.contract.ts';
import { MemoryMetaStore } from './memory-meta-store.ts';

describeMetaStoreContract('MemoryMetaStore', async () => ({
  store: new MemoryMetaStore(),
  cleanUp: async () => {},
}));
