/** Whether this is a test build, whose processes can be told to die at any named step (see failpoint.ts). Set by bin/build.mjs. */
declare const __FAILPOINTS__: boolean;
