CREATE FUNCTION app.is_staff() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT EXISTS (
    SELECT FROM app.accounts AS a
    WHERE a.id = app.current_account_id() AND a.role IN ('agent', 'admin') AND a.disabled_at IS NULL
  );
$$;

CREATE FUNCTION app.is_trip_member(wanted_trip bigint, to_edit boolean DEFAULT false) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT EXISTS (
    SELECT FROM app.trip_members AS m
    WHERE m.trip_id = wanted_trip AND m.account_id = app.current_account_id() AND (m.can_edit OR NOT to_edit)
  );
$$;

ALTER TABLE app.accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.traveller_profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.trips ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.trip_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.itinerary_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.bookings ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.booking_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.payments ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.payments FORCE ROW LEVEL SECURITY;

CREATE POLICY accounts_own ON app.accounts FOR ALL TO app_readwrite
  USING (id = app.current_account_id()) WITH CHECK (id = app.current_account_id());
CREATE POLICY accounts_staff_read ON app.accounts FOR SELECT TO app_readwrite, app_readonly USING (app.is_staff());
CREATE POLICY profiles_own ON app.traveller_profiles TO app_readwrite
  USING (account_id = app.current_account_id());
CREATE POLICY trips_read ON app.trips FOR SELECT TO app_readwrite, app_readonly
  USING (owner_id = app.current_account_id() OR app.is_trip_member(id) OR app.is_staff());
CREATE POLICY trips_create ON app.trips FOR INSERT TO app_readwrite WITH CHECK (owner_id = app.current_account_id());
CREATE POLICY trips_change ON app.trips FOR UPDATE TO app_readwrite
  USING (owner_id = app.current_account_id() OR app.is_trip_member(id, true));
CREATE POLICY trips_delete ON app.trips FOR DELETE TO app_readwrite
  USING (owner_id = app.current_account_id() AND status = 'draft');
CREATE POLICY trip_members_read ON app.trip_members FOR SELECT TO app_readwrite, app_readonly
  USING (account_id = app.current_account_id() OR app.is_trip_member(trip_id) OR app.is_staff());
CREATE POLICY trip_members_change ON app.trip_members FOR ALL TO app_readwrite
  USING (app.is_trip_member(trip_id, true)) WITH CHECK (app.is_trip_member(trip_id, true) OR account_id = app.current_account_id());
CREATE POLICY itinerary_items_members ON app.itinerary_items TO app_readwrite
  USING (app.is_trip_member(trip_id)) WITH CHECK (app.is_trip_member(trip_id, true));
CREATE POLICY bookings_own ON app.bookings TO app_readwrite
  USING (booked_by = app.current_account_id() OR app.is_staff());
CREATE POLICY booking_items_own ON app.booking_items TO app_readwrite
  USING (EXISTS (SELECT FROM app.bookings AS b WHERE b.id = booking_id AND b.booked_by = app.current_account_id()) OR app.is_staff());
CREATE POLICY payments_read ON app.payments FOR SELECT TO app_readwrite, app_readonly
  USING (app.is_staff() OR EXISTS (SELECT FROM app.bookings AS b WHERE b.id = booking_id AND b.booked_by = app.current_account_id()));
CREATE POLICY payments_insert ON app.payments FOR INSERT TO app_readwrite WITH CHECK (amount > 0);
CREATE POLICY payments_no_reopening ON app.payments AS RESTRICTIVE FOR UPDATE TO app_readwrite
  USING (state <> 'refunded');
CREATE POLICY payments_staff_change ON app.payments FOR UPDATE TO app_readwrite USING (app.is_staff());
