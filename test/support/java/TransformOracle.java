import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.text.SimpleDateFormat;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.TimeZone;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.header.Headers;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.Transformation;
import org.apache.kafka.connect.transforms.predicates.Predicate;

/**
 * Answers what Kafka's own transformations and predicates do, and how SimpleDateFormat writes and reads. One JSON object per line
 * in, one out, in order: {op: "apply", class, config, record} gives {record}, null when it is dropped; {op: "test", ...} gives
 * {holds}; {op: "config", class} gives {keys}; {op: "format", pattern, ms} gives {text}; {op: "parse", pattern, text} gives {ms}.
 * Whatever goes wrong gives {error}. Compiled together with ConverterOracle, whose words for schemas and values it uses.
 */
public class TransformOracle {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    public static void main(String[] args) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            ObjectNode answer = JSON.objectNode();
            try {
                answer(mapper.readTree(line), answer);
            } catch (Throwable e) {
                answer.removeAll();
                answer.put("error", String.valueOf(e.getMessage()));
            }
            out.println(mapper.writeValueAsString(answer));
        }
        out.flush();
    }

    private static void answer(JsonNode question, ObjectNode answer) throws Exception {
        String op = question.get("op").asText();
        if (op.equals("format") || op.equals("parse")) {
            date(question, op, answer);
            return;
        }
        Object plugin = Class.forName(question.get("class").asText()).getDeclaredConstructor().newInstance();
        if (op.equals("config")) {
            answer.set("keys", ConverterOracle.keys((ConfigDef) plugin.getClass().getMethod("config").invoke(plugin)));
            return;
        }
        Map<String, String> config = new HashMap<>();
        question.get("config").fields().forEachRemaining(e -> config.put(e.getKey(), e.getValue().asText()));
        if (op.equals("test")) answer.put("holds", holds(plugin, config, question.get("record")));
        else apply(plugin, config, question.get("record"), answer);
    }

    private static void date(JsonNode question, String op, ObjectNode answer) throws ParseException {
        SimpleDateFormat format = new SimpleDateFormat(question.get("pattern").asText());
        format.setTimeZone(TimeZone.getTimeZone("UTC"));
        if (op.equals("format")) answer.put("text", format.format(new Date(question.get("ms").asLong())));
        else answer.put("ms", format.parse(question.get("text").asText()).getTime());
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static boolean holds(Object plugin, Map<String, String> config, JsonNode record) {
        Predicate predicate = (Predicate) plugin;
        predicate.configure(config);
        return predicate.test(record(record));
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static void apply(Object plugin, Map<String, String> config, JsonNode record, ObjectNode answer) {
        Transformation transformation = (Transformation) plugin;
        transformation.configure(config);
        ConnectRecord<?> result = transformation.apply(record(record));
        answer.set("record", result == null ? JSON.nullNode() : describe(result));
    }

    private static ConnectRecord<?> record(JsonNode node) {
        Headers headers = new ConnectHeaders();
        for (JsonNode header : node.get("headers")) {
            Schema schema = ConverterOracle.schema(header.get("schema"));
            headers.add(header.get("key").asText(), ConverterOracle.value(schema, header.get("value")), schema);
        }
        Schema keySchema = ConverterOracle.schema(node.get("keySchema"));
        Schema valueSchema = ConverterOracle.schema(node.get("valueSchema"));
        Object key = ConverterOracle.value(keySchema, node.get("key"));
        Object value = ConverterOracle.value(valueSchema, node.get("value"));
        Integer partition = node.get("partition").isNull() ? null : node.get("partition").asInt();
        Long timestamp = node.get("timestamp").isNull() ? null : node.get("timestamp").asLong();
        String topic = node.get("topic").asText();
        if (node.hasNonNull("offset")) {
            return new SinkRecord(topic, partition == null ? 0 : partition, keySchema, key, valueSchema, value,
                node.get("offset").asLong(), timestamp, TimestampType.CREATE_TIME, headers);
        }
        return new SourceRecord(Map.of("p", 1L), Map.of("o", 1L), topic, partition, keySchema, key, valueSchema, value, timestamp, headers);
    }

    private static ObjectNode describe(ConnectRecord<?> record) {
        ObjectNode node = JSON.objectNode();
        node.put("topic", record.topic());
        node.put("partition", record.kafkaPartition());
        node.put("timestamp", record.timestamp());
        node.set("keySchema", ConverterOracle.describe(record.keySchema()));
        node.set("key", ConverterOracle.describe(record.keySchema(), record.key()));
        node.set("valueSchema", ConverterOracle.describe(record.valueSchema()));
        node.set("value", ConverterOracle.describe(record.valueSchema(), record.value()));
        ArrayNode headers = node.putArray("headers");
        for (Header header : record.headers()) {
            ObjectNode entry = headers.addObject().put("key", header.key());
            entry.set("schema", ConverterOracle.describe(header.schema()));
            entry.set("value", ConverterOracle.describe(header.schema(), header.value()));
        }
        return node;
    }
}
