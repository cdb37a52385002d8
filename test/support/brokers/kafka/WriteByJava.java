// Writes what our own client cannot: a tombstone, a transaction that is given up, and one that is committed.
// Arguments: the broker, the topic.
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

public class WriteByJava {
  public static void main(String[] args) {
    String topic = args[1];
    var settings = Map.<String, Object>of(
        "bootstrap.servers", args[0], "transactional.id", "test-" + topic, "linger.ms", "0");
    try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(topic, 0, "k", "given up"));
      producer.flush();
      producer.abortTransaction();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(topic, 0, null, "no key"));
      producer.send(new ProducerRecord<>(topic, 0, "gone", null));
      producer.send(new ProducerRecord<>(topic, 0, "", ""));
      producer.commitTransaction();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(topic, 0, "k", "given up too"));
      producer.flush();
      producer.abortTransaction();
    }
  }
}
