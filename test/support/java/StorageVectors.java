import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.runtime.RestartRequest;
import org.apache.kafka.connect.storage.KafkaConfigBackingStore;
import org.apache.kafka.connect.storage.KafkaStatusBackingStore;

/** Prints what Kafka's own classes write to the internal topics: one line per record, name TAB base64 of the bytes. */
public class StorageVectors {
    private static final JsonConverter CONVERTER = new JsonConverter();

    public static void main(String[] args) throws Exception {
        CONVERTER.configure(Map.of("schemas.enable", "false"), false);
        configRecords();
        statusRecords();
        offsets();
    }

    private static void configRecords() throws Exception {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("name", "orders");
        properties.put("__proto__", "plain key");
        properties.put("empty", "");
        properties.put("quotes", "say \"hi\" \\ and / back");
        properties.put("controls", "\u0000\u0001\b\t\n\u000b\f\r\u001b\u001f\u007f\u0080\u2028\u2029");
        properties.put("中文", "资产 数据");
        properties.put("emoji", "😀 and 𠮷");
        properties.put("long", "é😀x\"".repeat(5000));
        print("connector", "CONNECTOR_CONFIGURATION_V0", struct -> struct.put("properties", properties));
        print("task", "TASK_CONFIGURATION_V0", struct -> struct.put("properties", Map.of("task.class", "T")));
        print("commit", "CONNECTOR_TASKS_COMMIT_V0", struct -> struct.put("tasks", 2));
        print("target-state", "TARGET_STATE_V1", struct -> struct.put("state", "PAUSED").put("state.v2", "STOPPED"));
        print("fencing", "TASK_COUNT_RECORD_V0", struct -> struct.put("task-count", 3));
        print("session-key", "SESSION_KEY_V0", struct -> struct.put("key", "AAECAw==")
            .put("algorithm", "HmacSHA256").put("creation-timestamp", 1700000000123L));
        print("restart", "RESTART_REQUEST_V0", struct -> struct.put("include-tasks", true).put("only-failed", false));
        print("logger", "LOGGER_LEVEL_V0", struct -> struct.put("level", "debug"));
        print("restart-text", new RestartRequest("orders", true, false).toString().getBytes(StandardCharsets.UTF_8));
    }

    private static void statusRecords() throws Exception {
        Schema schema = schema(KafkaStatusBackingStore.class, "STATUS_SCHEMA_V0");
        Struct failed = new Struct(schema).put("state", "FAILED").put("trace", "java.lang.X: \"a\"\n\tat Y")
            .put("worker_id", "host:8083").put("generation", 7);
        print("status", CONVERTER.fromConnectData("t", schema, failed));
        Struct versioned = new Struct(schema).put("state", "RUNNING").put("worker_id", "host:8083")
            .put("generation", 0).put("version", "4.3.1");
        print("status-versioned", CONVERTER.fromConnectData("t", schema, versioned));
        Schema topicSchema = schema(KafkaStatusBackingStore.class, "TOPIC_STATUS_VALUE_SCHEMA_V0");
        Schema mapSchema = schema(KafkaStatusBackingStore.class, "TOPIC_STATUS_SCHEMA_V0");
        Struct topic = new Struct(topicSchema).put("name", "out").put("connector", "orders").put("task", 1)
            .put("discoverTimestamp", 1700000000123L);
        print("status-topic", CONVERTER.fromConnectData("t", mapSchema, Map.of("topic", topic)));
    }

    private static void offsets() {
        Map<String, Object> partition = new LinkedHashMap<>();
        partition.put("protocol", "1");
        partition.put("table", "库.\"订单\"/😀\u0007");
        print("offset-key", CONVERTER.fromConnectData("t", null, Arrays.asList("orders", partition)));
        Map<String, Object> values = new LinkedHashMap<>();
        List<Object> samples = new ArrayList<>(List.of(0L, -1L, 9007199254740991L, 9007199254740993L,
            Long.MAX_VALUE, Long.MIN_VALUE, true, "text"));
        samples.addAll(List.of(0.5d, -2.25d, 1e10 + 0.5, 1e-3, 9.99e-4, 1234567.125, 12345678.125,
            1e20, 1e21, 1.7976931348623157e308, 1e-7, 123.456e-10, 9.007199254740994E15));
        samples.add(null);
        for (int i = 0; i < samples.size(); i++) values.put("v" + i, samples.get(i));
        print("offset-value", CONVERTER.fromConnectData("t", null, values));
    }

    private interface Filler {
        void fill(Struct struct);
    }

    private static void print(String name, String schemaField, Filler filler) throws Exception {
        Schema schema = schema(KafkaConfigBackingStore.class, schemaField);
        Struct struct = new Struct(schema);
        filler.fill(struct);
        print(name, CONVERTER.fromConnectData("t", schema, struct));
    }

    private static Schema schema(Class<?> owner, String name) throws Exception {
        Field field = owner.getDeclaredField(name);
        field.setAccessible(true);
        return (Schema) field.get(null);
    }

    private static void print(String name, byte[] bytes) {
        System.out.println(name + "\t" + Base64.getEncoder().encodeToString(bytes));
    }
}
