// The suite of all sources, at topics of an MQTT broker.
import { mqttDriver } from "./drivers/mqtt.ts"
import { testSource } from "./suite.ts"

testSource("topics of an MQTT broker", mqttDriver)
