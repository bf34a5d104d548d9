import { MemoryConfigStore } from '../../src/storage/memory-config-store.ts'
import { configStoreSuite } from '../support/config-store-suite.ts'

configStoreSuite('MemoryConfigStore', () => new MemoryConfigStore())
