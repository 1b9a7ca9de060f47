import type { Settings } from '../../settings/schema.js';
import { EXIT } from '../exit-codes.js';
import { type Action, begun, perform } from './actions.js';
import { Feed } from './feed.js';
import { Fleet } from './fleet.js';
import type { Notice } from './footer.js';
import { changes, type Frame } from './frame.js';
import type { Key } from './keys.js';
import { Look } from './look.js';
import { Terminal } from './terminal.js';
import { type Effect, press, START, settled, type Ui } from './ui.js';
import { drawn, type Scenery, sceneryOf, type World } from './view.js';

/** At most ten pictures a second, however much happens. */
const FRAME_MS = 100;
/** Ages grow while nothing happens. */
const TICK_MS = 1_000;
const NOTICE_MS = 8_000;
/** Exit codes of processes that a signal ended: 128 and its number. */
const SIGNAL_CODES: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 129,
  SIGINT: EXIT.interrupted,
  SIGQUIT: 131,
  SIGTERM: 143,
};

export interface TopOptions {
  readonly settings: Settings;
  readonly colours: boolean;
}

/** Shows the fleet until a person quits. @returns the exit code. @throws VigilError when nobody is there to begin with. */
export async function showTop(options: TopOptions): Promise<number> {
  const top = new Top(options);
  return top.run();
}

class Top {
  readonly #options: TopOptions;
  readonly #fleet = new Fleet();
  readonly #terminal: Terminal;
  #feed!: Feed;
  #ui: Ui = START;
  #look: Look | undefined;
  #shown: Frame | undefined;
  #shownAt = Number.NEGATIVE_INFINITY;
  #notice: Notice | undefined;
  #noticeTimer: NodeJS.Timeout | undefined;
  #frameTimer: NodeJS.Timeout | undefined;
  #isOver = false;
  #end!: (code: number) => void;
  readonly #ended = new Promise<number>((resolve) => {
    this.#end = resolve;
  });

  constructor(options: TopOptions) {
    this.#options = options;
    this.#terminal = new Terminal({
      key: (key) => this.#press(key),
      redraw: () => {
        this.#shown = undefined;
        this.#changed();
      },
      end: (signal) => this.#end(SIGNAL_CODES[signal] ?? EXIT.failure),
    });
  }

  async run(): Promise<number> {
    this.#feed = await Feed.open({
      settings: this.#options.settings,
      answered: (answer) => {
        this.#fleet.take(answer);
        this.#changed();
      },
      status: (status) => {
        this.#fleet.status = status;
        this.#changed();
        // No event tells of agents that were registered or removed.
        return status.agents.active === this.#fleet.rows.length;
      },
      event: (event) => {
        if (!this.#fleet.hear(event)) this.#feed.refresh();
        if (event.subject.split('.')[2] === this.#look?.looked.agent) this.#look?.refresh();
        this.#changed();
      },
      turned: () => this.#changed(),
    });
    const tick = setInterval(() => this.#changed(), TICK_MS);
    try {
      this.#terminal.open();
      this.#changed();
      return await this.#ended;
    } finally {
      this.#isOver = true;
      clearInterval(tick);
      clearTimeout(this.#frameTimer);
      clearTimeout(this.#noticeTimer);
      this.#look?.close();
      const isGone = this.#terminal.close();
      await this.#feed.close();
      // As any program whose terminal is closed. Node would abort: it cannot set a terminal back that is gone.
      if (isGone) process.kill(process.pid, 'SIGHUP');
    }
  }

  #press(key: Key): void {
    const { ui, effects } = press(this.#ui, key, this.#scenery());
    this.#ui = ui;
    // The next key may come before the next picture: it means what the picture would show.
    this.#settle();
    for (const effect of effects) this.#do(effect);
    this.#changed();
  }

  #scenery(): Scenery {
    return sceneryOf(this.#ui, this.#world, this.#terminal.size);
  }

  #settle(): Scenery {
    const scenery = this.#scenery();
    this.#ui = settled(this.#ui, scenery.rows, scenery.page);
    return scenery;
  }

  #do(effect: Effect): void {
    const { kind } = effect;
    if (kind === 'quit') this.#end(EXIT.fine);
    else if (kind === 'suspend') this.#terminal.suspend();
    else if (kind === 'redraw') this.#shown = undefined;
    else if (kind === 'say') this.#say({ text: effect.text, isBad: false });
    else if (kind === 'look') this.#lookAt(effect.agent);
    else this.#act(effect);
  }

  #lookAt(agent: string | undefined): void {
    this.#look?.close();
    this.#look =
      agent === undefined
        ? undefined
        : new Look({
            agent,
            client: () => this.#feed.client,
            settings: this.#options.settings,
            changed: () => this.#changed(),
          });
  }

  #act(action: Action): void {
    this.#say(begun(action));
    // It never rejects: what goes wrong is said.
    void perform(action, this.#feed.client, this.#options.settings).then((notice) => {
      // Nobody looks any more: a notice would only keep the process up for its time.
      if (this.#isOver) return;
      this.#say(notice);
      this.#feed.refresh(true);
      this.#look?.refresh();
    });
  }

  #say(notice: Notice): void {
    clearTimeout(this.#noticeTimer);
    this.#notice = notice;
    this.#noticeTimer = setTimeout(() => {
      this.#notice = undefined;
      this.#changed();
    }, NOTICE_MS);
    this.#changed();
  }

  get #world(): World {
    const { away, client, now } = this.#feed;
    return {
      fleet: this.#fleet,
      looked: this.#look?.looked,
      source: { awaySince: away?.since, away: away?.why ?? '', url: client.url },
      notice: this.#notice,
      now: Date.now(),
      fleetNow: now,
    };
  }

  /** Draws soon: many changes are one picture. */
  #changed(): void {
    if (this.#frameTimer !== undefined) return;
    const pause = Math.max(0, this.#shownAt + FRAME_MS - performance.now());
    this.#frameTimer = setTimeout(() => {
      this.#frameTimer = undefined;
      this.#draw();
    }, pause);
  }

  #draw(): void {
    const world = this.#world;
    const { size } = this.#terminal;
    const scenery = this.#settle();
    const frame = drawn(this.#ui, world, scenery, size, this.#options.colours);
    this.#shownAt = performance.now();
    this.#terminal.write(changes(this.#shown, frame));
    this.#shown = frame;
  }
}
