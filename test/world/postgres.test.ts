import { realSuite } from './real-suite.ts'

realSuite('postgres', 1)
