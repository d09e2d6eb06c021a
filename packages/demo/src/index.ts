export { type Beat, battleStory, play, sidesOf, type Telling } from './battle-story.js';
export { FakeAutohost, type FakeAutohostSetup } from './fake-autohost.js';
export { type EngineScript, FakeEngine } from './fake-engine.js';
export { DEMO_DEFAULTS, type DemoOptions, demoOptions } from './options.js';
export { Show } from './show.js';
export { Sight } from './sight.js';
