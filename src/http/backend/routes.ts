// Every route of the backend API, in the order of its document.
import type { Route } from "./backend.ts"
import { broadcast } from "./messages/broadcast.ts"
import { channelHistory } from "./channels/channel-history.ts"
import { listChannels } from "./channels/channels.ts"
import { closeConnection, getConnection, pushToConnection } from "./connections/connection.ts"
import { listConnections } from "./connections/connections.ts"
import { listIngests, pauseIngest, replayIngest, resumeIngest } from "./node/ingest.ts"
import { listHooks } from "./node/hooks.ts"
import { listNodes } from "./node/nodes.ts"
import { openApi } from "./openapi.ts"
import { channelPresence } from "./channels/presence.ts"
import { publishMany } from "./messages/publish-many.ts"
import { pushToUser } from "./messages/push-to-user.ts"
import { reloadConfig } from "./node/reload-config.ts"
import { pushAsTencent } from "./connections/push-as-tencent.ts"
import { revoke } from "./connections/revoke.ts"
import { disconnectUser, getUser } from "./connections/user.ts"
import { listUsers } from "./connections/users.ts"

const operations: readonly Route[] = [
  publishMany,
  broadcast,
  pushToUser,
  listConnections,
  getConnection,
  pushToConnection,
  closeConnection,
  pushAsTencent,
  listHooks,
  listChannels,
  channelHistory,
  channelPresence,
  listUsers,
  getUser,
  disconnectUser,
  listNodes,
  listIngests,
  pauseIngest,
  resumeIngest,
  replayIngest,
  revoke,
  reloadConfig,
]

export const routes: readonly Route[] = [...operations, openApi(operations)]
