import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Kafka's own consumer as a member of a group: arguments are bootstrap servers, group, topic, and further
 * properties as name=value. Prints "assigned …", "revoked …" and "record …", commits what it has printed, and
 * ends when its standard input does.
 */
public class GroupConsumer {
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        properties.putAll(Map.of(
            "bootstrap.servers", args[0],
            "group.id", args[1],
            "auto.offset.reset", "earliest",
            "enable.auto.commit", "false",
            "heartbeat.interval.ms", "200",
            "metadata.max.age.ms", "1000"));
        for (int at = 3; at < args.length; at++) {
            String[] pair = args[at].split("=", 2);
            properties.put(pair[0], pair[1]);
        }
        AtomicBoolean ended = new AtomicBoolean();
        Thread input = new Thread(() -> {
            try {
                while (System.in.read() >= 0) { }
            } catch (Exception error) {
                // It is over all the same.
            }
            ended.set(true);
        });
        input.setDaemon(true);
        input.start();
        StringDeserializer text = new StringDeserializer();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(properties, text, text)) {
            consumer.subscribe(List.of(args[2]), new ConsumerRebalanceListener() {
                public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                    say("assigned", partitions);
                }

                public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                    say("revoked", partitions);
                }
            });
            boolean some = false;
            while (!ended.get()) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    System.out.println("record " + record.value());
                    some = true;
                }
                try {
                    if (some) consumer.commitSync();
                    some = false;
                } catch (RebalanceInProgressException rebalance) {
                    // The next poll takes part in it; what was printed is committed behind that.
                }
            }
        }
    }

    private static void say(String what, Collection<TopicPartition> partitions) {
        TreeSet<String> names = new TreeSet<>();
        for (TopicPartition each : partitions) names.add(each.toString());
        System.out.println(what + " " + String.join(",", names));
    }
}
