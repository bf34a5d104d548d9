import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.runtime.standalone.StandaloneConfig;
import org.apache.kafka.connect.storage.FileOffsetBackingStore;

/**
 * Kafka's standalone offset file. `write FILE k v k v …` stores entries, `read FILE k …` prints each value, `dump FILE` prints the
 * connectors' partitions. Keys and values are base64; "-" stands for null.
 */
public class OffsetFile {
    public static void main(String[] args) throws Exception {
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", "false"), true);
        FileOffsetBackingStore store = new FileOffsetBackingStore(converter);
        store.configure(new StandaloneConfig(Map.of("bootstrap.servers", "127.0.0.1:1",
            "key.converter", JsonConverter.class.getName(), "value.converter", JsonConverter.class.getName(),
            "offset.storage.file.filename", args[1])));
        store.start();
        if (args[0].equals("write")) {
            Map<ByteBuffer, ByteBuffer> entries = new HashMap<>();
            for (int i = 2; i < args.length; i += 2) entries.put(bytes(args[i]), bytes(args[i + 1]));
            store.set(entries, null).get(10, TimeUnit.SECONDS);
        } else if (args[0].equals("read")) {
            for (int i = 2; i < args.length; i++) {
                ByteBuffer value = store.get(List.of(bytes(args[i]))).get(10, TimeUnit.SECONDS).get(bytes(args[i]));
                System.out.println(value == null ? "-" : Base64.getEncoder().encodeToString(value.array()));
            }
        } else {
            for (int i = 2; i < args.length; i++) System.out.println(store.connectorPartitions(args[i]));
        }
        store.stop();
    }

    private static ByteBuffer bytes(String text) {
        return text.equals("-") ? null : ByteBuffer.wrap(Base64.getDecoder().decode(text));
    }
}
