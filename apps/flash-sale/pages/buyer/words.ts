// What each scene says, in both languages. Names in braces stand for figures.
import type { Bilingual } from "../../../kit/browser/language.ts"
import type { SceneName } from "./scene.ts"

interface SceneWords {
  /** Above the big display. */
  readonly board: Bilingual
  readonly title: Bilingual
  readonly detail: Bilingual
}

export const sceneWords: Readonly<Record<SceneName, SceneWords>> = {
  loading: {
    board: ["One moment", "请稍候"],
    title: ["Opening the shop…", "正在打开…"],
    detail: ["", ""],
  },
  missing: {
    board: ["Nothing here", "空空如也"],
    title: ["There is no such sale", "没有这场秒杀"],
    detail: ["It may be over, or the address has a mistake in it.", "可能已经结束，或者地址写错了。"],
  },
  countdown: {
    board: ["Starts in", "距开始"],
    title: ["Soon", "马上开始"],
    detail: [
      "The clock is the shop’s, not your phone’s. Nobody gets in earlier, and reloading changes nothing.",
      "以商家的时钟为准，与你手机的时间无关。谁也不能提前进，反复刷新也没有用。",
    ],
  },
  lobby: {
    board: ["Drawn in", "距抽签"],
    title: ["The door is open", "可以先排队了"],
    detail: [
      "Everybody who comes before the start is shuffled at the start. Being early helps nobody, being late does not either.",
      "开始前到的人，开始时一起打乱顺序。来早来晚都一样。",
    ],
  },
  open: {
    board: ["Left", "还剩"],
    title: ["It is open", "已经开始"],
    detail: [
      "One press, one ticket. Your place is kept whatever happens to your connection.",
      "点一次，拿一个号。断网也不会丢。",
    ],
  },
  held: {
    board: ["Left", "还剩"],
    title: ["Every unit is held for somebody", "每件都有人占着"],
    detail: [
      "Not everybody pays. Who stands in line gets what comes back, in the order of the line. {waiting} wait already.",
      "总有人不付款。退回来的货按排队顺序给后面的人。现在有 {waiting} 人在等。",
    ],
  },
  entering: {
    board: ["One moment", "请稍候"],
    title: ["Taking a number for you…", "正在为你取号…"],
    detail: [
      "Your press is kept, and sent again if it gets lost. It counts once.",
      "你的点击已记下；路上丢了会自动重发，只算一次。",
    ],
  },
  knocking: {
    board: ["Again in", "再试"],
    title: ["The queue is full right now", "队伍暂时满了"],
    detail: [
      "As many wait as could possibly still win. We try again for you; you may also stop.",
      "现在排队的人数已到还有可能买到的上限。我们会自动再试，你也可以放弃。",
    ],
  },
  refused: {
    board: ["Not this time", "没有进去"],
    title: ["You did not get in", "没能进入队伍"],
    detail: ["{reason}", "{reason}"],
  },
  drawing: {
    board: ["Drawn in", "距抽签"],
    title: ["You are in. The order is drawn soon", "已入场，等待抽签"],
    detail: [
      "The shop has fixed the draw before anybody came: anyone can compute it again afterwards.",
      "抽签的种子事先已锁定，事后任何人都能重新验算。",
    ],
  },
  queued: {
    board: ["Your place in line", "你排在第"],
    title: ["You are in the queue", "排队中"],
    detail: ["Your turn comes in about {eta}.", "大约还要 {eta}。"],
  },
  waitlisted: {
    board: ["Your place on the wait-list", "你候补排在第"],
    title: ["Your turn came, and every unit is held", "轮到你时，货都被占着"],
    detail: [
      "Not everybody pays. The first unit that comes back is offered to the first on the list, for {offer}, then to the next.",
      "总有人不付款。退回来的货先给候补第一位，保留 {offer}，再给下一位。",
    ],
  },
  won: {
    board: ["Pay within", "请在此时间内付款"],
    title: ["You got it!", "抢到了！"],
    detail: [
      "It is held for you. Unpaid, it goes to the next when the clock is at zero.",
      "已为你留好。时间到了还没付款，就给下一位。",
    ],
  },
  offered: {
    board: ["Yours for", "为你保留"],
    title: ["One came back, and it is yours", "有人退出，轮到你了！"],
    detail: [
      "Somebody did not pay. It is yours for {offer}; after that it goes to the next.",
      "有人没付款，这一件为你保留 {offer}，过时给下一位。",
    ],
  },
  settling: {
    board: ["Time is up", "时间到"],
    title: ["Asking whether your money came in time", "正在向支付方确认"],
    detail: [
      "If you paid, it is yours. This takes a few seconds, and ends with an answer.",
      "如果你已付款，货就是你的。几秒钟内会有结果。",
    ],
  },
  paid: {
    board: ["Paid", "已付款"],
    title: ["It is yours", "是你的了"],
    detail: ["Order {order}. Nothing more to do.", "订单 {order}。不用再做什么。"],
  },
  unpaid: {
    board: ["Ran out", "已过期"],
    title: ["The time to pay ran out", "付款时间已过"],
    detail: [
      "The unit went on to the next, or back on sale. If you paid at the last moment all the same, you get a unit or your money back.",
      "这一件给了下一位，或重新开卖。如果你在最后一刻付了款，不是给你货，就是把钱退给你。",
    ],
  },
  cancelled: {
    board: ["Given back", "已退回"],
    title: ["You gave it back", "你放弃了这一件"],
    detail: ["Nothing is owed. It went to the next.", "不收任何费用，已给下一位。"],
  },
  refunding: {
    board: ["Refund", "退款中"],
    title: ["Your money is on its way back", "正在退款"],
    detail: [
      "It came when there was no unit left for it, or the shop took the order back. All of it goes back.",
      "付款到达时已无货，或商家撤回了订单。全额退还。",
    ],
  },
  refunded: {
    board: ["Refunded", "已退款"],
    title: ["Your money went back", "钱已退回"],
    detail: ["All of it. You owe nothing, and nothing is held for you.", "已全额退还，互不相欠。"],
  },
  lost: {
    board: ["Sold out", "售罄"],
    title: ["Not this time", "这次没抢到"],
    detail: [
      "Every unit of it is paid for, and none can come back to you. You were told as soon as that was certain.",
      "这件商品都已付款，不会再有退回的。一确定就告诉你了。",
    ],
  },
  expired: {
    board: ["Over", "已超时"],
    title: ["Your turn did not come in time", "超时未轮到"],
    detail: ["Tickets end after a while, so that nobody waits for ever.", "号码有时限，不会让人一直等下去。"],
  },
  left: {
    board: ["Left", "已离开"],
    title: ["You left the queue", "你离开了队伍"],
    detail: ["Your place went to the others.", "你的位置已让给别人。"],
  },
  rejected: {
    board: ["Closed", "已关闭"],
    title: ["The shop closed the sale before your turn", "轮到你之前，商家关闭了秒杀"],
    detail: ["Nothing was charged.", "没有扣款。"],
  },
  failed: {
    board: ["Sorry", "抱歉"],
    title: ["Your ticket could not be decided", "你的号没能处理"],
    detail: ["It was tried several times. You may take a new one.", "已试过多次。你可以重新取号。"],
  },
  gone: {
    board: ["Sold out", "售罄"],
    title: ["Everything is sold", "已全部售出"],
    detail: ["And paid for: nothing can come back.", "并且都已付款，不会再有退回的。"],
  },
  closed: {
    board: ["Closed", "已结束"],
    title: ["The sale is over", "秒杀已结束"],
    detail: ["", ""],
  },
}

/** Why the door stayed shut, by code. */
export const refusalWords: Readonly<Record<string, Bilingual>> = {
  NO_SUCH_ITEM: ["The sale has no such item (any more).", "这场秒杀里没有这件商品（了）。"],
  SOLD_OUT: ["Every unit of it is sold.", "这件已全部售出。"],
  CLOSED: ["The sale has ended.", "秒杀已结束。"],
  ALREADY_IN: ["You hold a ticket already.", "你已经有号了。"],
  KEY_CONFLICT: ["The same click came with another item.", "同一次点击对应了不同的商品。"],
  TOO_FAST: ["Too many attempts in a short time.", "尝试得太频繁了。"],
  called_off: ["You stopped trying.", "你停止了尝试。"],
}

export const phrases = {
  buy: ["Buy now", "立即抢购"],
  standInLine: ["Stand in line", "先排队"],
  again: ["Try again", "再抢一次"],
  waitForOne: ["Stand in line for one", "排队候补"],
  chooseOne: ["Choose an item", "请先选一件"],
  pay: ["Pay {price}", "付款 {price}"],
  payAgain: ["Open the payment page again", "再次打开付款页"],
  giveBack: ["Give it back", "放弃"],
  leave: ["Leave the queue", "离开队伍"],
  stop: ["Stop trying", "不试了"],
  keep: ["Keep waiting", "继续等"],
  askKeep: ["Keep waiting?", "还要继续等吗？"],
  askKeepDetail: [
    "You are number {position}, about {eta} to go. Leaving gives your place away.",
    "你排在第 {position}，大约还要 {eta}。离开后位置就没有了。",
  ],
  askKeepNoEta: [
    "You are number {position}. Leaving gives your place away.",
    "你排在第 {position}。离开后位置就没有了。",
  ],
  askKeepUnknown: ["Leaving gives your place away.", "离开后位置就没有了。"],
  paying: [
    "The payment page is open in another tab. The result shows here by itself.",
    "付款页已在另一个标签页打开，结果会自动显示在这里。",
  ],
  paused: ["The shop has paused the sale.", "商家暂停了秒杀。"],
  pausedKept: ["The shop has paused the sale. Your place is kept.", "商家暂停了秒杀，你的位置保留。"],
  providerAway: [
    "The payment service does not answer. Try again; your unit is held.",
    "支付服务没有响应，请再试一次，货给你留着。",
  ],
  notDone: [
    "That did not go through. What you see here is how it stands.",
    "没有成功。以页面显示的状态为准。",
  ],
  shopAway: [
    "The shop does not answer. Trying again; nothing of yours is lost.",
    "商家暂时没有响应，正在重试，你的号不会丢。",
  ],
  badName: [
    "A name has 1 to 64 characters, without spaces and slashes.",
    "名字为 1 到 64 个字符，不含空格和斜杠。",
  ],
  ownLogin: ["Log in at the shop first, then come back here.", "请先在商家登录，再回到这里。"],
  soon: ["a moment", "片刻"],
  late: [
    "It takes longer than we thought. Your place is kept, and your turn comes.",
    "比预计的要久一些。你的位置保留，一定会轮到你。",
  ],
  noEta: [
    "How long it takes is not known yet. You will hear the moment that it is.",
    "还不知道要等多久，一知道就告诉你。",
  ],
  allHeld: [
    "Right now every unit is held for somebody: your turn may lead to the wait-list.",
    "现在每件都有人占着，轮到你时可能先进候补。",
  ],
  fewLeft: [
    "Fewer units are left than people before you: your turn may lead to the wait-list.",
    "剩下的货比排在你前面的人少，轮到你时可能先进候补。",
  ],
  crowded: [
    "{waiting} wait already, more than units are left. Not everybody pays: what comes back goes to the wait-list.",
    "已有 {waiting} 人在等，比剩下的货多。总有人不付款，退回来的给候补的人。",
  ],
  chosenGone: [
    "What you had chosen is sold out. You may choose another one.",
    "你选的那件已经售罄，可以另选一件。",
  ],
  itemLeft: ["{left} left", "剩 {left}"],
  itemHeld: ["all held", "都有人占着"],
  itemGone: ["sold out", "售罄"],
  left: ["{left} of {total} left", "剩 {left} / {total}"],
  of: ["of {total}", "共 {total}"],
  ticket: ["Your number", "你的号码"],
  you: ["You are {user}", "你是 {user}"],
} satisfies Readonly<Record<string, Bilingual>>

/** The state of the connection. */
export const connectionWords: Readonly<Record<string, Bilingual>> = {
  idle: ["Away", "未连接"],
  connecting: ["Connecting…", "连接中…"],
  open: ["Live", "实时"],
  waiting: ["Reconnecting…", "重新连接…"],
  closed: ["Asking now and then", "定时查询"],
}

export const transportWords: Readonly<Record<string, string>> = {
  websocket: "WebSocket",
  sse: "SSE",
  poll: "Poll",
}

/** Puts figures in. */
export const fill = (text: string, figures: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => figures[name] ?? "")
