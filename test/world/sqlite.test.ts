import { realSuite } from './real-suite.ts'

realSuite('sqlite', 3)
