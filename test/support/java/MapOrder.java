import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Prints, for each argument (keys with commas between), these keys as a HashMap that was copied from them goes through them. */
public class MapOrder {
  public static void main(String[] args) {
    for (String keys : args) {
      Map<String, String> given = new LinkedHashMap<>();
      for (String key : keys.split(",")) given.put(key, "");
      System.out.println(String.join(",", new HashMap<>(given).keySet()));
    }
  }
}
